using Ops.Rca.Service.Detection;
using Ops.Rca.Sources;

namespace Ops.Rca.Service.Security;

/// <summary>
/// Compromised or misbehaving workloads, by signals that a platform has anyway. What a workload does is learned for each:
/// whom it calls, how often, how often it is refused, how much processor its requests cost, what it sends, how many processes
/// it runs. It is suspect when it calls peers that it never called, or is refused as never before, and something else is
/// unusual with it: more calls, processor time, bytes sent or processes than its own requests explain; or when it calls many new peers at once. A new release that calls one new
/// service is not, nor is a retry storm or a busy loop alone.
/// </summary>
internal sealed class SecurityDetector
{
    // Rounds in which a workload is only watched: half an hour at 15 s, two minutes at 1 s.
    private const int LearnRounds = 120;

    // A sign counts for this long, so that a scan and what follows it are seen together.
    private const double SignSeconds = 300;

    // So many peers that were never called are a scan, whatever else is seen.
    private const int FanOut = 3;

    // Who calls that many while it is watched calls whomever it likes (a proxy, a crawler): a new one says nothing.
    private const int MostPeers = 20;
    private const int MostWorkloads = 5000;

    private readonly Dictionary<string, Workload> workloads = [];
    private int round;

    /// <summary>Looks at one round.</summary>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="signals">All signals there are.</param>
    /// <param name="calls">All calls that traffic shows.</param>
    /// <param name="moved">What has left its normal range.</param>
    public IReadOnlyList<Suspicion> Take(double now, IReadOnlyList<Signal?> signals, IReadOnlyList<CallEdge> calls, IReadOnlyList<Movement> moved)
    {
        round++;
        // Who is there is looked up once in a while; whom it calls in every round.
        if (round % 8 == 1)
            Meet(signals);
        foreach (var (caller, callee) in calls)
            if (workloads.TryGetValue(caller, out var workload))
                workload.Call(callee, now, round - workload.Since > LearnRounds && workload.Peers.Count <= MostPeers);
        var movedOf = moved.Where(movement => movement.Signal.Role != SignalRole.Plain).ToLookup(movement => movement.Signal.Metric.Service);
        return [.. workloads.Where(pair => round - pair.Value.Since > LearnRounds).Select(pair => Judge(pair.Key, pair.Value, movedOf[pair.Key], now)).OfType<Suspicion>()];
    }

    private void Meet(IReadOnlyList<Signal?> signals)
    {
        var present = signals.OfType<Signal>().Select(signal => signal.Metric.Service).ToHashSet();
        foreach (var service in present.Where(service => workloads.Count < MostWorkloads))
            workloads.TryAdd(service, new Workload(round));
        foreach (var (service, _) in workloads)
            if (!present.Contains(service))
                workloads.Remove(service);
    }

    private static Suspicion? Judge(string service, Workload workload, IEnumerable<Movement> moved, double now)
    {
        workload.News.RemoveAll(news => now - news.Seconds > SignSeconds);
        var rises = moved.Where(movement => movement.Now > movement.Before).ToList();
        var isAskedMore = rises.Exists(movement => movement.Signal.Role == SignalRole.RequestRate);
        var refusals = rises.FindAll(movement => movement is { Signal: { Role: SignalRole.RefusalShare, Peer: not null } });
        var unexplained = isAskedMore ? [] : rises.FindAll(movement => movement.Signal.Role is SignalRole.CallRate or SignalRole.ProcessorCores or SignalRole.SentBytes or SignalRole.Processes);
        var kinds = (workload.News.Count > 0 ? 1 : 0) + (refusals.Count > 0 ? 1 : 0) + (unexplained.Count > 0 ? 1 : 0);
        var isStrange = workload.News.Count > 0 || refusals.Count > 0;
        if (workload.News.Count < FanOut && !(isStrange && kinds >= 2))
            return null;
        var news = workload.News.Select(peer => new Movement(new(new(service, $"calls to {peer.Peer}", MetricKind.Load), peer.Peer, SignalRole.CallRate), peer.Seconds, 0, 1, 0));
        return new Suspicion(service, [.. news, .. refusals, .. unexplained], Words(workload, refusals, unexplained));
    }

    private static string Words(Workload workload, List<Movement> refusals, List<Movement> unexplained)
    {
        var words = new List<string>();
        if (workload.News.Count > 0)
            words.Add($"calls {string.Join(", ", workload.News.Take(3).Select(peer => peer.Peer))}{(workload.News.Count > 3 ? $" and {workload.News.Count - 3} more" : "")} for the first time");
        if (refusals.Count > 0)
            words.Add($"is refused by {refusals[0].Signal.Peer} as never before ({refusals[0].Now:P0} of its calls)");
        foreach (var movement in unexplained.Take(2))
            words.Add($"{movement.Signal.Metric.Name} went from {movement.Before:G3} to {movement.Now:G3} without more requests");
        return string.Join("; ", words);
    }

    private sealed class Workload(int since)
    {
        // What is new is listed; a scan of a network does not need all of its thousand addresses.
        private const int MostNews = 50;
        private const int MostKnown = 1000;

        public int Since { get; } = since;

        public HashSet<string> Peers { get; } = [];

        public List<(string Peer, double Seconds)> News { get; } = [];

        public void Call(string peer, double now, bool isNews)
        {
            if (Peers.Count < MostKnown && Peers.Add(peer) && isNews && News.Count < MostNews)
                News.Add((peer, now));
        }
    }
}
