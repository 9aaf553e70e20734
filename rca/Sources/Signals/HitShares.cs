namespace Ops.Rca.Sources;

/// <summary>Of counters of a cache's hits and misses (x_hits_total, x_misses_total) the share of hits: how many there are depends on the load, the share does not.</summary>
internal sealed class HitShares
{
    private const string Hits = "_hits";
    private const string Misses = "_misses";

    // A cache that is new is cold: what it has in its first rounds is not its normal.
    private const int ColdRounds = 12;

    private readonly List<Cache> caches = [];
    private readonly List<SignalGroup> misses = [];

    public void Add(SignalGroup group)
    {
        if (group.Name.EndsWith(Hits, StringComparison.Ordinal))
            caches.Add(new Cache(group, group.Name[..^Hits.Length]));
        else if (group.Name.EndsWith(Misses, StringComparison.Ordinal))
            misses.Add(group);
    }

    /// <summary>Forgets a group; the slots of what was derived from it are free again.</summary>
    public IReadOnlyList<int> Remove(SignalGroup group)
    {
        misses.Remove(group);
        var gone = caches.Where(cache => cache.Hits == group).ToList();
        caches.RemoveAll(gone.Contains);
        return [.. gone.Select(cache => cache.Slot).OfType<int>()];
    }

    /// <summary>The shares of this round; a cache that was never asked has none.</summary>
    public IEnumerable<(CallSides.Derived Derived, Signal Signal, double Value)> Values()
    {
        foreach (var cache in caches)
        {
            if (misses.Find(cache.IsMissedIn) is not { } missed)
                continue;
            var asked = cache.Hits.Total + missed.Total;
            cache.Rounds += asked > 0 ? 1 : 0;
            if (cache.Rounds > ColdRounds)
                yield return (cache, cache.Signal, asked > 0 ? cache.Hits.Total / asked : double.NaN);
        }
    }

    private sealed class Cache(SignalGroup hits, string name) : CallSides.Derived(new(new(hits.Service, $"{name} hit share", MetricKind.Availability), null, SignalRole.Plain))
    {
        public SignalGroup Hits { get; } = hits;

        /// <summary>Rounds in which it was asked.</summary>
        public int Rounds { get; set; }

        public bool IsMissedIn(SignalGroup group) =>
            group.Service == Hits.Service && group.Peer == Hits.Peer && group.Caller == Hits.Caller && group.Name == name + Misses;
    }
}
