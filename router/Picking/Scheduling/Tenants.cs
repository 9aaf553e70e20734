using System.Collections.Concurrent;

namespace Ops.Picking;

/// <summary>The tenants of a route that were seen lately, and what part of its room is due to each.</summary>
internal sealed class Tenants
{
    /// <summary>About 200 bytes each: 2 MB. Beyond it new tenants share one account until others are forgotten.</summary>
    internal const int Capacity = 10_000;

    // A tenant that asks once a minute keeps its claim; after that its part serves the others.
    private const long RememberedMs = 60_000;

    private readonly ConcurrentDictionary<string, TenantShare> _byId = new(StringComparer.Ordinal);
    private readonly TenantShare _others = new("");
    private double _weights = 1;

    /// <summary>Whether more than one tenant was seen lately.</summary>
    internal bool AreMany { get; private set; }

    internal TenantShare Of(string id, double weight, long nowMs)
    {
        if (!_byId.TryGetValue(id, out var share))
            share = _byId.Count < Capacity ? _byId.GetOrAdd(id, static key => new TenantShare(key)) : _others;
        share.Seen(weight, nowMs);
        return share;
    }

    /// <summary>Requests at once that are due to a tenant when everybody asks for more.</summary>
    internal double Part(TenantShare tenant, int room) => room * tenant.Weight / Math.Max(tenant.Weight, Volatile.Read(ref _weights));

    /// <summary>Counts who was seen lately and forgets the others.</summary>
    internal void Count(long nowMs)
    {
        var (weights, seen) = (0.0, 0);
        foreach (var (id, share) in _byId)
        {
            if (nowMs - share.SeenAtMs <= RememberedMs)
                (weights, seen) = (weights + share.Weight, seen + 1);
            else if (share.InFlight == 0)
                _byId.TryRemove(id, out _);
        }

        Volatile.Write(ref _weights, weights);
        AreMany = seen > 1;
    }
}
