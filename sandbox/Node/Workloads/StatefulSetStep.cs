using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>The pod writes of one step of a StatefulSet. With OrderedReady each step does at most one thing and waits for it.</summary>
internal sealed class StatefulSetStep(
    V1StatefulSet set, RevisionHistory history, IReadOnlyList<V1Pod> pods, IReadOnlySet<string> claims, DateTimeOffset now)
{
    private readonly bool ordered = set.Spec.PodManagementPolicy != "Parallel";
    private readonly int start = set.Spec.Ordinals?.Start ?? 0;
    private readonly int wanted = set.Spec.Replicas ?? 1;
    private readonly List<Write> writes = [];

    public IReadOnlyList<Write> Make()
    {
        var byOrdinal = pods.ToDictionary(pod => StatefulPods.OrdinalOf(set, pod)!.Value);
        var condemned = byOrdinal.Where(pair => pair.Key < start || pair.Key >= start + wanted).OrderByDescending(pair => pair.Key).Select(pair => pair.Value).ToList();
        var goOn = Fill(byOrdinal) && Shrink(condemned, FirstUnhealthy(byOrdinal));
        if (goOn && set.Spec.UpdateStrategy?.Type != "OnDelete")
            Replace(byOrdinal);
        return writes;
    }

    private V1Pod? FirstUnhealthy(Dictionary<int, V1Pod> byOrdinal) =>
        byOrdinal.OrderBy(pair => pair.Key).Select(pair => pair.Value).FirstOrDefault(pod => !IsHealthy(pod));

    /// <summary>Creates what is missing; false when the step has to wait before it may go on.</summary>
    private bool Fill(Dictionary<int, V1Pod> byOrdinal)
    {
        for (var ordinal = start; ordinal < start + wanted; ordinal++)
        {
            if (!byOrdinal.TryGetValue(ordinal, out var pod))
            {
                Create(ordinal);
                if (ordered)
                    return false;
                continue;
            }
            if (Pods.IsTerminal(pod) && !Pods.IsTerminating(pod))
            {
                Delete(pod);
                if (ordered)
                    return false;
                continue;
            }
            if (ordered && !IsHealthy(pod))
                return false;
        }
        return true;
    }

    /// <summary>Removes from the highest number down. An unhealthy lower pod stops it, unless it is the very one to go.</summary>
    private bool Shrink(List<V1Pod> condemned, V1Pod? firstUnhealthy)
    {
        foreach (var pod in condemned)
        {
            if (Pods.IsTerminating(pod))
            {
                if (ordered)
                    return false;
                continue;
            }
            if (ordered && !IsHealthy(pod) && pod != firstUnhealthy)
                return false;
            Delete(pod);
            if (ordered)
                return false;
        }
        return true;
    }

    /// <summary>Replaces the highest outdated pod when everything above it is healthy, down to the partition.</summary>
    private void Replace(Dictionary<int, V1Pod> byOrdinal)
    {
        var partition = set.Spec.UpdateStrategy?.RollingUpdate?.Partition ?? 0;
        for (var ordinal = start + wanted - 1; ordinal >= start + partition; ordinal--)
        {
            if (!byOrdinal.TryGetValue(ordinal, out var pod))
                return;
            if (StatefulPods.RevisionOf(pod) != history.Update.Metadata.Name && !Pods.IsTerminating(pod))
            {
                Delete(pod);
                return;
            }
            if (!IsHealthy(pod))
                return;
        }
    }

    private bool IsHealthy(V1Pod pod) =>
        pod.Status?.Phase == "Running" && !Pods.IsTerminating(pod) && Pods.IsAvailable(pod, set.Spec.MinReadySeconds ?? 0, now);

    private void Create(int ordinal)
    {
        foreach (var claim in StatefulPods.MissingClaims(set, ordinal, claims))
            writes.Add(new CreateObject<V1PersistentVolumeClaim>(claim));
        var name = $"{set.Metadata.Name}-{ordinal}";
        writes.Add(new CreateObject<V1Pod>(StatefulPods.Make(set, RevisionFor(ordinal), ordinal))
        {
            Tell = Told("SuccessfulCreate", $"create Pod {name} in StatefulSet {set.Metadata.Name} successful"),
            TellRefusal = Told("FailedCreate", $"create Pod {name} in StatefulSet {set.Metadata.Name} failed error: {{0}}") with { Type = "Warning" },
        });
    }

    private void Delete(V1Pod pod) => writes.Add(new DeleteObject<V1Pod>(pod)
    {
        Tell = Told("SuccessfulDelete", $"delete Pod {pod.Metadata.Name} in StatefulSet {set.Metadata.Name} successful"),
    });

    /// <summary>Below the partition, and during a rollout below the pods still current, a lost pod comes back as it was.</summary>
    private V1ControllerRevision RevisionFor(int ordinal)
    {
        var current = history.All.FirstOrDefault(revision => revision.Metadata.Name == set.Status?.CurrentRevision);
        if (current is null || set.Spec.UpdateStrategy?.Type == "OnDelete")
            return history.Update;
        var partition = set.Spec.UpdateStrategy?.RollingUpdate?.Partition ?? 0;
        return ordinal < start + partition ? current : history.Update;
    }

    private Narration Told(string reason, string message) => new(References.To(set), StatefulSetPlanner.Component, reason, message);
}
