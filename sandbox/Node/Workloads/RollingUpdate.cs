using k8s.Models;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>The arithmetic of a rolling update: how far up the new set may go and how far down the old ones.</summary>
internal static class RollingUpdate
{
    /// <summary>The new set grows into what surge leaves free, and never beyond the wanted size.</summary>
    public static int SizeOfNew(RolloutBounds bounds, int wanted, int newSize, int oldSize)
    {
        if (newSize >= wanted)
            return wanted;
        var free = wanted + bounds.MaxSurge - newSize - oldSize;
        return free <= 0 ? newSize : newSize + Math.Min(free, wanted - newSize);
    }

    /// <summary>
    /// Old sets shrink by what is not needed for availability. Pods that do not serve go first: they cost nothing.
    /// New pods that are not available yet keep their share reserved, so a broken template cannot drain the old one.
    /// </summary>
    public static IEnumerable<(V1ReplicaSet Set, int Size)> SizesOfOld(
        RolloutBounds bounds, int wanted, V1ReplicaSet newSet, IReadOnlyList<V1ReplicaSet> oldSets)
    {
        var sizes = oldSets.ToDictionary(set => set.Metadata.Uid, DeploymentPlanner.SizeOf, StringComparer.Ordinal);
        if (sizes.Values.Sum() == 0)
            return [];
        var minAvailable = wanted - bounds.MaxUnavailable;
        var newSize = DeploymentPlanner.SizeOf(newSet);
        var newUnavailable = newSize - Available(newSet, newSize);
        var budget = newSize + sizes.Values.Sum() - minAvailable - newUnavailable;
        if (budget <= 0)
            return [];

        var byAge = oldSets.OrderBy(set => set.Metadata.CreationTimestamp).ThenBy(set => set.Metadata.Name, StringComparer.Ordinal).ToList();
        DropUnhealthy(byAge, sizes, budget);
        DropAvailable(byAge, sizes, minAvailable, newSet);
        return [.. byAge.Where(set => sizes[set.Metadata.Uid] != DeploymentPlanner.SizeOf(set)).Select(set => (set, sizes[set.Metadata.Uid]))];
    }

    private static void DropUnhealthy(List<V1ReplicaSet> sets, Dictionary<string, int> sizes, int budget)
    {
        foreach (var set in sets)
        {
            var unhealthy = sizes[set.Metadata.Uid] - Available(set, sizes[set.Metadata.Uid]);
            var drop = Math.Min(budget, unhealthy);
            sizes[set.Metadata.Uid] -= drop;
            budget -= drop;
        }
    }

    private static void DropAvailable(List<V1ReplicaSet> sets, Dictionary<string, int> sizes, int minAvailable, V1ReplicaSet newSet)
    {
        var available = Available(newSet, DeploymentPlanner.SizeOf(newSet)) + sets.Sum(set => Available(set, sizes[set.Metadata.Uid]));
        var budget = available - minAvailable;
        foreach (var set in sets)
        {
            var drop = Math.Min(Math.Max(0, budget), sizes[set.Metadata.Uid]);
            sizes[set.Metadata.Uid] -= drop;
            budget -= drop;
        }
    }

    // A status may still count pods that a smaller spec has already given up; they must not be counted as a reserve twice.
    private static int Available(V1ReplicaSet set, int size) => Math.Min(set.Status?.AvailableReplicas ?? 0, size);
}
