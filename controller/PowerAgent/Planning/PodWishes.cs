using k8s.Models;
using Ops.Api;

namespace Ops.PowerAgent;

/// <summary>A pool's pod on this node and what its pool asks of its GPUs.</summary>
/// <param name="Pod">namespace/name.</param>
/// <param name="Pool">Name of the pool.</param>
/// <param name="SimulatedAt">Where the simulated engine takes its settings; null for real GPUs.</param>
/// <param name="Wish">What is asked.</param>
internal sealed record PoolPod(V1Pod Pod, string Pool, Uri? SimulatedAt, PowerWish Wish)
{
    /// <summary>namespace/name.</summary>
    public string Name => $"{Pod.Metadata.NamespaceProperty}/{Pod.Metadata.Name}";
}

/// <summary>From pods and pools to what is asked of each pod's GPUs. Pure.</summary>
internal static class PodWishes
{
    /// <summary>The pods of pools that run here.</summary>
    /// <param name="pods">Pods of this node.</param>
    /// <param name="pool">Finds a pool by namespace and name.</param>
    public static IReadOnlyList<PoolPod> Of(IEnumerable<V1Pod> pods, Func<string, string, ModelPool?> pool) =>
        [.. pods.Where(pod => pod.Metadata.DeletionTimestamp is null && pod.Status?.Phase == "Running")
            .Select(pod => Of(pod, pod.Metadata.Labels is { } labels && labels.TryGetValue(Labels.Pool, out var name) ? pool(pod.Metadata.NamespaceProperty, name) : null))
            .OfType<PoolPod>()
            .OrderBy(pod => pod.Name, StringComparer.Ordinal)];

    private static PoolPod? Of(V1Pod pod, ModelPool? pool)
    {
        if (pool is null)
            return null;
        var simulated = pool.Spec.Engine.Type == EngineTypes.Simulated;
        if (simulated && (pod.Status.PodIP is not { Length: > 0 } || !System.Net.IPAddress.TryParse(pod.Status.PodIP, out _)))
            return null;
        var at = simulated ? new UriBuilder("http", pod.Status.PodIP, pool.Spec.Engine.EffectivePort, "/simulated/power").Uri : null;
        return new PoolPod(pod, pool.Metadata.Name, at, WishOf(pool));
    }

    // The plan of the fleet, where one has a say, already keeps within what spec.energy allows. A suspended pool keeps
    // what it has been asked last.
    private static PowerWish WishOf(ModelPool pool) => pool.Status?.Plan is { } plan
        ? new PowerWish(plan.ClockMHz, plan.PowerLimitWatts)
        : new PowerWish(pool.Spec.Energy?.ClockMHz, pool.Spec.Energy?.PowerLimitWatts);
}
