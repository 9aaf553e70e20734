namespace Ops.Picking;

/// <summary>
/// How much room a route's replicas have beyond what they already do. Only replicas count that a request could be sent
/// to: of pools that the policy considers, and not failing just now unless all are.
/// </summary>
internal sealed class RouteRoom
{
    private Dictionary<ReplicaLoad, ReplicaCapacity> _known = [];
    private Dictionary<ReplicaLoad, ReplicaCapacity> _next = [];

    /// <summary>Requests that could be added without any of them queueing at a replica; negative when they all queue. Null without replicas.</summary>
    internal int? Beyond(RouteSnapshot snapshot, IPolicy policy, long nowMs)
    {
        _next.Clear();
        var (free, excess, capacity) = (0, 0, 0);
        for (var v = 0; v < snapshot.Variants.Length; v++)
        {
            if (!policy.Considers(snapshot, v))
                continue;
            var declared = snapshot.Variants[v].MaxSequences;
            foreach (ref readonly var replica in snapshot.Variants[v].Replicas.AsSpan())
            {
                // A replica of two pools has its room once.
                if (_next.ContainsKey(replica.Load))
                    continue;
                var limit = LimitOf(replica, declared, nowMs);
                capacity += limit;
                if (replica.Load.IsSuspect(nowMs))
                    continue;
                var room = limit - replica.Outstanding(nowMs);
                if (room > 0)
                    free += room;
                else
                    excess += room;
            }
        }

        (_known, _next) = (_next, _known);
        if (capacity == 0)
            return null;
        return free > 0 ? free : excess;
    }

    private int LimitOf(in ReplicaState replica, int? declared, long nowMs)
    {
        if (!_known.TryGetValue(replica.Load, out var learned))
            learned = new ReplicaCapacity();
        _next[replica.Load] = learned;
        learned.Learn(replica);
        var limit = replica.IsFresh(nowMs) ? learned.Limit : LatencyEstimate.BatchLimitPrior;
        // An engine that was seen to run more than its arguments say, for example several ranks in one, has more room.
        return declared is { } most ? Math.Min(limit, Math.Max(most, learned.MostSeen)) : limit;
    }
}
