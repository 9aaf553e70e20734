namespace Ops.Rca.Sources;

/// <summary>What a metric of a program measures, told by its name.</summary>
internal static class SignalKinds
{
    /// <summary>1 for a process that answered its scrape, 0 for one that did not.</summary>
    public const string Up = "up";

    // Thousands of series that say nothing about a fault: runtimes' internals, the exposition's own, facts that never change.
    private static readonly string[] IgnoredStarts =
        ["go_", "promhttp_", "prometheus_", "scrape_", "net_conntrack_", "dotnet_", "system_runtime_", "python_", "jvm_classes", "jvm_info", "ALERTS", "kube_", "process_max_fds", "process_virtual_memory", "process_start_time"];

    private static readonly string[] IgnoredEnds = ["_info", "_created", "_build", "_timestamp_seconds"];

    private static readonly string[] TimeWords = ["duration", "latency", "seconds", "milliseconds", "_time", "_ms"];

    private static readonly string[] ErrorWords = ["error", "fail", "fault", "exception", "timeout", "reject", "dropped", "retries", "abort"];

    private static readonly string[] SendWords = ["transmit", "_sent", "_tx_", "egress"];

    // Queues and pools fill when what is behind them is slow: as good a sign as a busy processor.
    private static readonly string[] SaturationWords =
        ["queue", "waiting", "pending", "in_flight", "inflight", "in_use", "pool", "active", "in_progress", "backlog", "open_connections", "lock", "handles", "threads", "fds", "working_set", "resident", "heap", "private_memory"];

    /// <summary>Whether a metric is of no use.</summary>
    public static bool IsIgnored(string name) =>
        Array.Exists(IgnoredStarts, start => name.StartsWith(start, StringComparison.Ordinal)) || Array.Exists(IgnoredEnds, end => name.EndsWith(end, StringComparison.Ordinal));

    /// <summary>The kind of a distribution's mean and quantiles.</summary>
    public static MetricKind OfDistribution(string name) => Has(name, TimeWords) ? MetricKind.Latency : MetricKind.Other;

    /// <summary>The kind of a counter's rate. Seconds a second are the share of time that something was busy or waited for.</summary>
    public static MetricKind OfCounter(string name) =>
        Has(name, ErrorWords) ? MetricKind.Errors
        : name.Contains("cpu", StringComparison.Ordinal) || name.Contains("seconds", StringComparison.Ordinal) ? MetricKind.Resource
        : MetricKind.Load;

    /// <summary>The kind of a gauge.</summary>
    public static MetricKind OfGauge(string name) => name == Up ? MetricKind.Availability : Has(name, SaturationWords) ? MetricKind.Resource : MetricKinds.FromName(name);

    /// <summary>Whether a counter counts bytes that leave: container_network_transmit_bytes_total, envoy_cluster_upstream_cx_tx_bytes_total.</summary>
    public static bool IsSentBytes(string name) => name.Contains("bytes", StringComparison.Ordinal) && Has(name, SendWords);

    /// <summary>Whether a gauge counts processes: container_processes, namedprocess_namegroup_num_procs.</summary>
    public static bool IsProcesses(string name) => name.EndsWith("_processes", StringComparison.Ordinal) || name.EndsWith("_num_procs", StringComparison.Ordinal);

    private static bool Has(string name, string[] words) => Array.Exists(words, word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
}
