using k8s.Models;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Spreads a change of size over the active sets in proportion to what each holds, so that a rollout under way keeps its mix.</summary>
internal static class DeploymentScaling
{
    public static void Make(DeploymentStep step)
    {
        var sets = step.OldSets.Append(step.NewSet).OfType<V1ReplicaSet>().ToList();
        var active = sets.Where(set => DeploymentPlanner.SizeOf(set) > 0).ToList();
        if (active.Count <= 1)
        {
            var only = active.Count == 1 ? active[0] : step.NewSet ?? Latest(sets);
            if (only is not null)
                step.Resize(only, step.Wanted);
            return;
        }
        if (step.NewSet is { } saturated && IsSaturated(step, saturated))
        {
            foreach (var old in step.OldSets.Where(set => DeploymentPlanner.SizeOf(set) > 0))
                step.Resize(old, 0);
            return;
        }
        if (step.Deployment.Spec.Strategy?.Type != "Recreate")
            Proportionally(step, active);
    }

    private static bool IsSaturated(DeploymentStep step, V1ReplicaSet set) =>
        DeploymentPlanner.SizeOf(set) == step.Wanted
        && DeploymentAnnotations.DesiredReplicas(set) == step.Wanted
        && set.Status?.AvailableReplicas == step.Wanted;

    private static void Proportionally(DeploymentStep step, List<V1ReplicaSet> active)
    {
        var total = active.Sum(DeploymentPlanner.SizeOf);
        var allowed = step.Wanted > 0 ? step.Wanted + step.Bounds.MaxSurge : 0;
        var toAdd = allowed - total;
        // Growth goes to the biggest and newest first; shrinking takes from the biggest and oldest.
        var order = toAdd > 0
            ? active.OrderByDescending(DeploymentPlanner.SizeOf).ThenByDescending(set => set.Metadata.CreationTimestamp)
            : active.OrderByDescending(DeploymentPlanner.SizeOf).ThenBy(set => set.Metadata.CreationTimestamp);
        var added = 0;
        var sizes = new List<(V1ReplicaSet Set, int Size)>();
        foreach (var set in order.ThenBy(set => set.Metadata.Name, StringComparer.Ordinal))
        {
            var share = toAdd == 0 ? 0 : Share(step, set, toAdd, added);
            sizes.Add((set, DeploymentPlanner.SizeOf(set) + share));
            added += share;
        }
        if (sizes.Count > 0 && toAdd != added)
            sizes[0] = (sizes[0].Set, Math.Max(0, sizes[0].Size + toAdd - added));
        foreach (var (set, size) in sizes)
            step.Resize(set, size);
    }

    private static int Share(DeploymentStep step, V1ReplicaSet set, int toAdd, int added)
    {
        var size = DeploymentPlanner.SizeOf(set);
        var left = toAdd - added;
        var fraction = Fraction(step, set, size);
        return toAdd > 0 ? Math.Min(fraction, left) : Math.Max(fraction, left);
    }

    private static int Fraction(DeploymentStep step, V1ReplicaSet set, int size)
    {
        if (step.Wanted == 0)
            return -size;
        var before = DeploymentAnnotations.MaxReplicas(set) is > 0 and var max ? max : step.Deployment.Status?.Replicas ?? 0;
        if (before <= 0)
            return 0;
        var scaled = (double)(size * (step.Wanted + step.Bounds.MaxSurge)) / before;
        return (int)Math.Round(scaled, MidpointRounding.AwayFromZero) - size;
    }

    private static V1ReplicaSet? Latest(List<V1ReplicaSet> sets) =>
        sets.OrderByDescending(set => set.Metadata.CreationTimestamp).FirstOrDefault();
}
