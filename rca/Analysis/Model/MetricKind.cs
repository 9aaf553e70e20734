namespace Ops.Rca;

/// <summary>What a metric measures; decides which direction is bad and how much a shift says about a cause.</summary>
public enum MetricKind
{
    /// <summary>Time to answer. Up is bad.</summary>
    Latency,

    /// <summary>Caller-side minus callee-side latency of one call edge: time lost between two services. Up is bad.</summary>
    EdgeGap,

    /// <summary>Share of answers that were good. Down is bad.</summary>
    Availability,

    /// <summary>Failures. Up is bad.</summary>
    Errors,

    /// <summary>Processor, memory, disk, sockets, pools or locks used, or work that waits for them. Up is bad.</summary>
    Resource,

    /// <summary>Work that arrives or leaves. Either direction is a change; it rarely is the cause.</summary>
    Load,

    /// <summary>Unknown, or shared with neighbours (a node's metrics in a pod's table). Either direction.</summary>
    Other,
}

/// <summary>Reads the kind of a metric from its name, and says what the kind means.</summary>
public static class MetricKinds
{
    // The first word found decides, so the specific ones stand first: "error_rate" is errors, not load.
    private static readonly (string Word, MetricKind Kind)[] Words =
    [
        ("gap", MetricKind.EdgeGap),
        ("node", MetricKind.Other),
        ("availability", MetricKind.Availability), ("success", MetricKind.Availability),
        ("error", MetricKind.Errors), ("fail", MetricKind.Errors), ("fault", MetricKind.Errors), ("5xx", MetricKind.Errors), ("4xx", MetricKind.Errors),
        ("hit", MetricKind.Availability), ("retr", MetricKind.Errors),
        ("wait", MetricKind.Resource), ("queue", MetricKind.Resource), ("lock", MetricKind.Resource), ("pool", MetricKind.Resource), ("flight", MetricKind.Resource),
        ("lat", MetricKind.Latency), ("duration", MetricKind.Latency), ("responsetime", MetricKind.Latency), ("p90", MetricKind.Latency), ("p99", MetricKind.Latency),
        ("cpu", MetricKind.Resource), ("mem", MetricKind.Resource), ("disk", MetricKind.Resource), ("socket", MetricKind.Resource),
        ("thread", MetricKind.Resource), ("heap", MetricKind.Resource), ("fd", MetricKind.Resource), ("io", MetricKind.Resource),
        ("syscall", MetricKind.Load), ("network", MetricKind.Load), ("net", MetricKind.Load), ("bytes", MetricKind.Load),
        ("workload", MetricKind.Load), ("load", MetricKind.Load), ("request", MetricKind.Load), ("rps", MetricKind.Load), ("qps", MetricKind.Load), ("ops", MetricKind.Load), ("job", MetricKind.Load),
    ];

    private static readonly string[] HeldWork = ["flight", "queue", "pool", "active"];

    /// <summary>The kind that a metric's own name (without its service) tells; <see cref="MetricKind.Other"/> if it tells none.</summary>
    public static MetricKind FromName(string metric)
    {
        foreach (var (word, kind) in Words)
            if (metric.Contains(word, StringComparison.OrdinalIgnoreCase))
                return kind;
        return MetricKind.Other;
    }

    /// <summary>+1 where only a rise is bad, -1 where only a fall is, 0 where both count.</summary>
    public static int BadDirection(this MetricKind kind) => kind switch
    {
        MetricKind.Load or MetricKind.Other => 0,
        MetricKind.Availability => -1,
        _ => 1,
    };

    /// <summary>True where users feel a bad move: time, failures, availability, time lost on the way. Work and what it uses are evidence only.</summary>
    public static bool IsSymptom(this MetricKind kind) => kind is MetricKind.Latency or MetricKind.Errors or MetricKind.Availability or MetricKind.EdgeGap;

    /// <summary>
    /// True for work that a service holds at a time: requests in progress or queued, connections in use. By Little's law it is
    /// the rate of work times the time to answer, so it follows from a latency as a latency follows from a used-up resource.
    /// </summary>
    public static bool IsHeldWork(this Metric metric) =>
        metric.Kind == MetricKind.Resource && !metric.Name.Contains("wait", StringComparison.OrdinalIgnoreCase)
        && Array.Exists(HeldWork, word => metric.Name.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>How much a shift of this kind says about a cause, 0..1: load and shared metrics move with every fault.</summary>
    public static double Weight(this MetricKind kind) => kind is MetricKind.Load or MetricKind.Other ? 0.2 : 1;
}
