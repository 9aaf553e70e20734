namespace Ops.Rca.Sources;

/// <summary>
/// The edge gap of every call that both sides measure: mean latency seen by the caller minus mean latency seen by the
/// called service (of this caller's requests where it tells callers apart, else of all). It rises when time is lost on
/// the way, where neither side's own work has changed. Also who calls whom.
/// </summary>
internal sealed class EdgeGapPairs
{
    private readonly Dictionary<string, List<SignalGroup>> servers = [];
    private readonly List<Gap> gaps = [];
    private readonly Dictionary<CallEdge, int> edges = [];

    /// <summary>Every call that a metric of either side names.</summary>
    public IReadOnlyList<CallEdge> Calls { get; private set; } = [];

    public void Add(SignalGroup group)
    {
        if (EdgeOf(group) is { } edge)
        {
            edges[edge] = edges.GetValueOrDefault(edge) + 1;
            Calls = [.. edges.Keys];
        }

        if (group.Peer is not null)
            gaps.Add(new Gap(group));
        else if (servers.TryGetValue(group.Service, out var list))
            list.Add(group);
        else
            servers[group.Service] = [group];
    }

    /// <summary>Forgets a group; the slots of its gaps are free again.</summary>
    public IReadOnlyList<int> Remove(SignalGroup group)
    {
        if (EdgeOf(group) is { } edge && --edges[edge] == 0)
        {
            edges.Remove(edge);
            Calls = [.. edges.Keys];
        }

        if (servers.TryGetValue(group.Service, out var list) && list.Remove(group) && list.Count == 0)
            servers.Remove(group.Service);
        var gone = gaps.Where(gap => gap.Caller == group).ToList();
        gaps.RemoveAll(gone.Contains);
        return [.. gone.Select(gap => gap.Slot).OfType<int>()];
    }

    /// <summary>The gaps of this round; a gap that neither side could ever measure does not come.</summary>
    public IEnumerable<(Gap Gap, string Caller, string Callee, double Value)> Values()
    {
        foreach (var gap in gaps)
        {
            var caller = gap.Caller;
            if (caller.IsDistribution && SignalKinds.OfDistribution(caller.Name) == MetricKind.Latency && ServerOf(caller) is { } server)
                yield return (gap, caller.Service, caller.Peer!, Seconds(caller) - Seconds(server));
        }
    }

    // A service has latencies of other things too (its database, its jobs): the one that names requests is meant, and of
    // several the one that counts most.
    private SignalGroup? ServerOf(SignalGroup caller)
    {
        if (!servers.TryGetValue(caller.Peer!, out var candidates))
            return null;
        SignalGroup? best = null;
        var most = (-1, double.NegativeInfinity);
        foreach (var candidate in candidates)
        {
            if (!candidate.IsDistribution || SignalKinds.OfDistribution(candidate.Name) != MetricKind.Latency || (candidate.Caller is { } other && other != caller.Service))
                continue;
            var likeness = (candidate.Caller is null ? 0 : 4) + (Names(candidate, "server") ? 2 : 0) + (Names(candidate, "request") || Names(candidate, "rpc") ? 1 : 0);
            if ((likeness, candidate.Count).CompareTo(most) > 0)
                (best, most) = (candidate, (likeness, candidate.Count));
        }

        return best;
    }

    private static bool Names(SignalGroup group, string word) => group.Name.Contains(word, StringComparison.Ordinal);

    // Istio measures in milliseconds, everybody else in seconds; the two sides may differ.
    private static double Seconds(SignalGroup group) => Names(group, "milliseconds") || group.Name.EndsWith("_ms", StringComparison.Ordinal) ? group.Mean / 1000 : group.Mean;

    private static CallEdge? EdgeOf(SignalGroup group) =>
        group.Peer is { } peer ? new(group.Service, peer) : group.Caller is { } caller ? new(caller, group.Service) : null;

    /// <summary>One gap and the index of its signal, once it has one.</summary>
    internal sealed class Gap(SignalGroup caller)
    {
        public SignalGroup Caller { get; } = caller;

        public int? Slot { get; set; }
    }
}
