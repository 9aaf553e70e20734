namespace Ops.Rca.Sources;

/// <summary>
/// Signals as a search for causes should see them. A caller's view of a call belongs to the called service: where that
/// measures itself, its own latency and the gap say the same in two parts, so the view is left out; else it stands in for
/// the missing latency. So do failures, which a dead service cannot count itself. Pools, waits and retries of a caller towards
/// one peer follow from a slow peer more often than they are the cause; where they are, the caller's own time says so. The whole time of a service whose own time is known is a symptom, hardly a cause,
/// and so is the work that it holds, which grows with it.
/// </summary>
public static class AnalysisView
{
    /// <summary>The metric of each signal; null for one that is left out.</summary>
    public static Metric?[] Of(IReadOnlyList<Signal?> signals)
    {
        var measured = new HashSet<string>();
        var own = new HashSet<string>();
        foreach (var signal in signals.OfType<Signal>())
        {
            if (signal.Role == SignalRole.RequestTime)
                measured.Add(signal.Metric.Service);
            if (signal.Role == SignalRole.OwnTime)
                own.Add(signal.Metric.Service);
        }

        return [.. signals.Select(signal => signal switch
        {
            { Role: SignalRole.CallTime, Peer: { } peer } => measured.Contains(peer) ? null : Seen(signal, peer, MetricKind.Latency),
            { Role: SignalRole.CallFailures, Peer: { } peer } => Seen(signal, peer, MetricKind.Errors),
            { Metric.Kind: MetricKind.EdgeGap } => signal.Metric with { SeenBy = signal.Peer },
            { Role: SignalRole.Plain, Peer: not null, Metric.Kind: MetricKind.Resource or MetricKind.Errors } => signal.Metric with { Kind = MetricKind.Other },
            not null when own.Contains(signal.Metric.Service) && (signal.Role == SignalRole.RequestTime || signal.Metric.IsHeldWork()) => signal.Metric with { Kind = MetricKind.Other },
            _ => signal?.Metric,
        })];
    }

    private static Metric Seen(Signal signal, string peer, MetricKind kind) =>
        new(peer, $"{signal.Metric.Name} as seen by {signal.Metric.Service}", kind) { SeenBy = signal.Metric.Service };
}
