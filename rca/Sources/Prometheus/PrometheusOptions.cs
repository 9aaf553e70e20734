namespace Ops.Rca.Sources.Prometheus;

/// <summary>Which Prometheus, and how much of it.</summary>
public sealed record PrometheusOptions
{
    /// <summary>Its address, with a path prefix where it has one, for example http://prometheus.monitoring:9090.</summary>
    public required Uri Url { get; init; }

    /// <summary>Only series that match this selector, for example {namespace="shop"}. Default: every series with a name.</summary>
    public string Selector { get; init; } = "{__name__=~\".+\"}";

    /// <summary>Seconds between two samples; null asks the server how often it scrapes. Default null.</summary>
    public double? StepSeconds { get; init; }

    /// <summary>Series in all; those of further metrics are left out, with a note. Default 5,000.</summary>
    public int MaxSeries { get; init; } = 5000;

    /// <summary>Longest wait for one answer. Default 30 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Queries under way at a time. Default 4: a server's own default is 20, shared with its dashboards.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>File that holds a bearer token, read anew for each request since tokens rotate; null sends none.</summary>
    public string? TokenFile { get; init; }
}
