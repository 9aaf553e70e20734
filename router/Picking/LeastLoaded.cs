namespace Ops.Picking;

/// <summary>Finds the least loaded replica of a variant.</summary>
internal static class LeastLoaded
{
    /// <summary>
    /// Fills <see cref="VariantOutlook.Replica"/>, <see cref="VariantOutlook.Reluctance"/> and
    /// <see cref="VariantOutlook.Outstanding"/>: first the least reluctance, then the fewest outstanding requests,
    /// then the first one from a place that differs from request to request.
    /// </summary>
    internal static void Pick(ref VariantOutlook outlook, ReadOnlySpan<ReplicaState> replicas, in RequestFeatures request, in TriedReplicas tried)
    {
        outlook.Replica = -1;
        outlook.Reluctance = int.MaxValue;
        outlook.Outstanding = int.MaxValue;
        if (replicas.IsEmpty)
            return;

        var start = (int)(request.Spread % (uint)replicas.Length);
        Scan(ref outlook, replicas, start, replicas.Length, request.NowMs, tried);
        Scan(ref outlook, replicas, 0, start, request.NowMs, tried);
    }

    private static void Scan(ref VariantOutlook outlook, ReadOnlySpan<ReplicaState> replicas, int from, int to, long nowMs, in TriedReplicas tried)
    {
        for (var i = from; i < to; i++)
        {
            ref readonly var replica = ref replicas[i];
            var reluctance = (replica.Load.IsSuspect(nowMs) ? 1 : 0) + (tried.Contains(replica.Load) ? 2 : 0);
            if (reluctance > outlook.Reluctance)
                continue;
            var outstanding = replica.Outstanding(nowMs);
            if (reluctance == outlook.Reluctance && outstanding >= outlook.Outstanding)
                continue;
            outlook.Replica = i;
            outlook.Reluctance = reluctance;
            outlook.Outstanding = outstanding;
        }
    }
}
