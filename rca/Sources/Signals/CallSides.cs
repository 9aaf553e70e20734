namespace Ops.Rca.Sources;

/// <summary>
/// What both sides of a call tell together. The edge gap: mean latency seen by the caller minus mean latency seen by the
/// called service (of this caller's requests where it tells callers apart, else of all); it rises when time is lost on the
/// way, where neither side's own work has changed. The own time: time in which a service answers minus the time that its
/// calls take and wait for a connection, a request; it rises only where the work itself is slow, however far its callers feel it. Also who calls whom.
/// </summary>
internal sealed class CallSides
{
    private readonly Dictionary<string, List<SignalGroup>> servers = [];
    private readonly Dictionary<string, List<SignalGroup>> clients = [];
    private readonly Dictionary<string, Derived> ownTimes = [];
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
        var side = group.Peer is null ? servers : clients;
        if (side.TryGetValue(group.Service, out var list))
            list.Add(group);
        else
            side[group.Service] = [group];
    }

    /// <summary>Forgets a group; the slots of what was derived from it alone are free again.</summary>
    public IReadOnlyList<int> Remove(SignalGroup group)
    {
        if (EdgeOf(group) is { } edge && --edges[edge] == 0)
        {
            edges.Remove(edge);
            Calls = [.. edges.Keys];
        }

        var gone = gaps.Where(gap => gap.Caller == group).Cast<Derived>().ToList();
        gaps.RemoveAll(gone.Contains);
        var side = group.Peer is null ? servers : clients;
        if (side.TryGetValue(group.Service, out var list) && list.Remove(group) && list.Count == 0)
        {
            side.Remove(group.Service);
            if (ownTimes.Remove(group.Service, out var own))
                gone.Add(own);
        }

        return [.. gone.Select(derived => derived.Slot).OfType<int>()];
    }

    /// <summary>The gaps and own times of this round; what two sides could never tell does not come.</summary>
    public IEnumerable<(Derived Derived, Signal Signal, double Value)> Values()
    {
        foreach (var gap in gaps.Where(gap => gap.Caller.IsTime))
            if (ServersOf(gap.Caller.Peer!, gap.Caller.Service) is { Count: > 0 } called)
                yield return (gap, gap.Signal, (gap.Caller.Seconds / gap.Caller.Count) - Mean(called));
        foreach (var (service, calls) in clients)
            if (calls.Exists(call => call.IsTime) && ServersOf(service, null) is { Count: > 0 } own)
            {
                if (!ownTimes.TryGetValue(service, out var derived))
                    ownTimes[service] = derived = new Derived(new(new(service, "own time", MetricKind.Latency), null, SignalRole.OwnTime));
                var requests = own.Sum(group => group.Count);
                // Several metrics may measure the same calls; the one that counts most time has all of it.
                var called = calls.Where(call => call.IsTime).GroupBy(call => call.Peer).Sum(peer => peer.Max(call => call.Seconds));
                var waited = calls.Where(call => call.IsWait && !call.IsTime).Sum(call => call.Total);
                yield return (derived, derived.Signal, requests > 0 ? (own.Sum(group => group.Seconds) - called - waited) / requests : double.NaN);
            }
    }

    private static double Mean(List<SignalGroup> groups) => groups.Sum(group => group.Seconds) / groups.Sum(group => group.Count);

    // A service has latencies of other things too (its database, its jobs): the one metric that names requests is meant, and
    // of several the one that counts most. Where it tells callers apart and one is asked for, only that one's requests.
    private List<SignalGroup> ServersOf(string service, string? caller)
    {
        if (!servers.TryGetValue(service, out var candidates))
            return [];
        var best = candidates.Where(group => group.IsTime).GroupBy(group => group.Name)
            .MaxBy(metric => (Likeness(metric.Key), metric.Sum(group => group.Count), metric.Key));
        if (best is null)
            return [];
        var own = best.Where(group => caller is not null && group.Caller == caller).ToList();
        return own.Count > 0 ? own : [.. best];
    }

    private static int Likeness(string name) => (Names(name, "server") ? 2 : 0) + (Names(name, "request") || Names(name, "rpc") ? 1 : 0);

    private static bool Names(string name, string word) => name.Contains(word, StringComparison.Ordinal);

    private static CallEdge? EdgeOf(SignalGroup group) =>
        group.Peer is { } peer ? new(group.Service, peer) : group.Caller is { } caller ? new(caller, group.Service) : null;

    /// <summary>A derived signal and its index, once it has one.</summary>
    internal class Derived(Signal signal)
    {
        public Signal Signal { get; } = signal;

        public int? Slot { get; set; }
    }

    private sealed class Gap(SignalGroup caller)
        : Derived(new(new(caller.Peer!, $"gap from {caller.Service}", MetricKind.EdgeGap), caller.Service, SignalRole.Plain))
    {
        public SignalGroup Caller { get; } = caller;
    }
}
