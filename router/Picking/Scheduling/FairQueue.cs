namespace Ops.Picking;

/// <summary>
/// The waiting requests of a route: the highest priority first; within it the tenant with the least service, by virtual
/// token counters; within a tenant by <see cref="WaitingOrder"/>. Used under the gate's lock.
/// </summary>
/// <remarks>
/// Virtual token counter (VTC, "Fairness in Serving Large Language Models", OSDI 2024, with predicted lengths): starting a
/// request charges its tenant the expected cost by weight, its end settles the difference to what was counted. A tenant
/// without waiting requests that comes back is lifted to the counter of the last one that was started, so idling earns
/// nothing. Of two tenants that always have requests waiting, none gets ahead of its share by more than the cost of
/// one request and of what is being served.
/// Everything is bounded by the queue's bound: there are never more tenants or priorities here than waiting requests,
/// apart from counters above the floor, which <see cref="Prune"/> and the end of waiting forget.
/// </remarks>
internal sealed class FairQueue
{
    private readonly SortedList<int, Level> _levels = new(Comparer<int>.Create((x, y) => y.CompareTo(x)));
    private long _sequence;

    internal int Count { get; private set; }

    internal long Bytes { get; private set; }

    internal IEnumerable<WaitingRequest> All => _levels.Values.SelectMany(l => l.Tenants.Values).SelectMany(t => t.All);

    internal void Add(WaitingRequest request, long agingMs)
    {
        if (!_levels.TryGetValue(request.Priority.Level, out var level))
            _levels.Add(request.Priority.Level, level = new Level());
        if (!level.Tenants.TryGetValue(request.Tenant, out var queue))
            level.Tenants.Add(request.Tenant, queue = new TenantQueue(request.Tenant));
        if (queue.Count == 0)
            queue.LiftTo(level.Floor);
        request.Due = WaitingOrder.Due(request, agingMs);
        request.Sequence = _sequence++;
        request.Queue = queue;
        queue.Add(request);
        level.Count++;
        Count++;
        Bytes += request.Bytes;
    }

    internal bool Remove(WaitingRequest request)
    {
        if (request.Queue?.Remove(request) != true)
            return false;
        Count--;
        Bytes -= request.Bytes;
        var level = _levels[request.Priority.Level];
        // Nobody waits: everybody has got what they asked for, and counting begins anew.
        if (--level.Count == 0)
            _levels.Remove(request.Priority.Level);
        return true;
    }

    /// <summary>The request that is next among the tenants that may start one; null when the highest priority has none.</summary>
    internal WaitingRequest? Next(Func<TenantShare, bool> mayStart)
    {
        if (_levels.Count == 0)
            return null;
        TenantQueue? best = null;
        foreach (var queue in _levels.Values[0].Tenants.Values)
        {
            if (queue.Count > 0 && (best is null || IsBefore(queue, best)) && mayStart(queue.Tenant))
                best = queue;
        }

        return best?.First;
    }

    /// <summary>Takes the request out and charges its tenant.</summary>
    internal void Start(WaitingRequest request)
    {
        var queue = request.Queue!;
        _levels[request.Priority.Level].Floor = queue.Counter;
        queue.Charge(request.Cost);
        Remove(request);
    }

    /// <summary>
    /// Who has to go when there is no place for a newcomer: of the lowest priority the newest request of the tenant that
    /// takes up most of it. Null when that is the newcomer.
    /// </summary>
    internal WaitingRequest? VictimFor(WaitingRequest newcomer)
    {
        if (Count == 0)
            return null;
        var (lowest, level) = (_levels.Keys[^1], _levels.Values[^1]);
        if (lowest > newcomer.Priority.Level)
            return null;
        var heaviest = level.Tenants.Values.MaxBy(q => q.Burden)!;
        if (lowest < newcomer.Priority.Level)
            return heaviest.Last;
        var own = ((level.Tenants.GetValueOrDefault(newcomer.Tenant)?.Count ?? 0) + 1) / newcomer.Tenant.Weight;
        return heaviest.Tenant != newcomer.Tenant && heaviest.Burden > own ? heaviest.Last : null;
    }

    /// <summary>
    /// How many requests would be started before a newcomer: all of higher priorities, and of its own priority as many
    /// of each tenant as fair sharing lets go first.
    /// </summary>
    internal int Ahead(TenantShare tenant, PriorityLevel priority)
    {
        var ahead = 0;
        foreach (var (rank, level) in _levels)
        {
            if (rank > priority.Level)
                ahead += level.Count;
            if (rank != priority.Level)
                continue;
            var turns = ((level.Tenants.GetValueOrDefault(tenant)?.Count ?? 0) + 1) / tenant.Weight;
            foreach (var queue in level.Tenants.Values)
                ahead += queue.Tenant == tenant ? queue.Count : (int)Math.Min(queue.Count, Math.Ceiling(turns * queue.Tenant.Weight));
        }

        return ahead;
    }

    /// <summary>Forgets counters that say no more than the floor does.</summary>
    internal void Prune()
    {
        foreach (var level in _levels.Values)
        {
            foreach (var queue in level.Tenants.Values.Where(q => q.Count == 0 && q.Counter <= level.Floor).ToList())
                level.Tenants.Remove(queue.Tenant);
        }
    }

    private static bool IsBefore(TenantQueue queue, TenantQueue other) =>
        queue.Counter < other.Counter || (queue.Counter == other.Counter && WaitingOrder.Instance.Compare(queue.First, other.First) < 0);

    private sealed class Level
    {
        internal Dictionary<TenantShare, TenantQueue> Tenants { get; } = [];

        /// <summary>Counter of the tenant whose request was started last, before it was charged.</summary>
        internal double Floor { get; set; }

        internal int Count { get; set; }
    }
}
