namespace Ops.Rca.Sources;

/// <summary>One derived series: a rate, a mean, a quantile, a share, a level or the gap of an edge.</summary>
/// <param name="Metric">Whose, its name and kind.</param>
/// <param name="Peer">The called service, for what a caller measures of it and for a gap; else null.</param>
/// <param name="Role">What it is for.</param>
public sealed record Signal(Metric Metric, string? Peer, SignalRole Role);

/// <summary>What a signal is for, where that matters beyond its kind.</summary>
public enum SignalRole
{
    /// <summary>Nothing special.</summary>
    Plain,

    /// <summary>Requests that a service answers, a second.</summary>
    RequestRate,

    /// <summary>Requests that a service sends to a peer, a second.</summary>
    CallRate,

    /// <summary>Share of answers that refuse: 401, 403, 404.</summary>
    RefusalShare,

    /// <summary>Processor time used, in cores.</summary>
    ProcessorCores,

    /// <summary>Bytes that a workload sends, a second.</summary>
    SentBytes,

    /// <summary>Processes that a workload runs.</summary>
    Processes,

    /// <summary>Time in which a service answers: its own, and that of what it calls.</summary>
    RequestTime,

    /// <summary>Time that a service's calls to a peer take.</summary>
    CallTime,

    /// <summary>Share of a service's calls to a peer that fail.</summary>
    CallFailures,

    /// <summary>Time to answer without the time that calls took: what a service itself is to blame for.</summary>
    OwnTime,
}
