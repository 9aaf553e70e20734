namespace Ops.Picking;

/// <summary>One tenant on one route: its weight and what it holds now. Outlives configurations, so that counts do.</summary>
public sealed class TenantShare
{
    private int _inFlight;
    private long _seenAtMs;
    private double _weight = 1;

    internal TenantShare(string id) => Id = id;

    /// <summary>The tenant's id.</summary>
    public string Id { get; }

    /// <summary>Requests of the tenant at replicas now.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The tenant's part of the room, relative to the others' weights; above 0.</summary>
    internal double Weight => Volatile.Read(ref _weight);

    internal long SeenAtMs => Volatile.Read(ref _seenAtMs);

    internal void Seen(double weight, long nowMs)
    {
        // Written at most ten times a second, so that the cache line can stay shared between cores.
        if (nowMs - SeenAtMs >= 100)
            Volatile.Write(ref _seenAtMs, nowMs);
        if (weight != Weight)
            Volatile.Write(ref _weight, weight);
    }

    internal void Enter() => Interlocked.Increment(ref _inFlight);

    internal void Leave() => Interlocked.Decrement(ref _inFlight);
}
