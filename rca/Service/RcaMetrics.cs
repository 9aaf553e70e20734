using Prometheus;

namespace Ops.Rca.Service;

/// <summary>The service's own numbers on /metrics.</summary>
internal static class RcaMetrics
{
    private static readonly Gauge Leader = Metrics.CreateGauge("ops_rca_leader", "1 while this process leads.");
    private static readonly Gauge Signals = Metrics.CreateGauge("ops_rca_signals", "Derived series that are watched.");
    private static readonly Gauge References = Metrics.CreateGauge("ops_rca_reference_share", "Share of the signals whose normal range is known, 0..1.");
    private static readonly Gauge Open = Metrics.CreateGauge("ops_rca_open_incidents", "Incidents that are open.");
    private static readonly Counter Rounds = Metrics.CreateCounter("ops_rca_rounds_total", "Readings of the metric source.", "result");
    private static readonly Counter Opened = Metrics.CreateCounter("ops_rca_incidents_opened_total", "Incidents that were opened.", "type");
    private static readonly Histogram Seconds = Metrics.CreateHistogram(
        "ops_rca_step_seconds", "Time of one step: read (waiting included), detect, analyse.", ["step"], new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.001, 2, 16) });

    /// <summary>Shows whether this process leads, whenever /metrics is read.</summary>
    public static void ShowLeadership(Func<bool> isLeader) => Metrics.DefaultRegistry.AddBeforeCollectCallback(() => Leader.Set(isLeader() ? 1 : 0));

    public static void Round(bool succeeded) => Rounds.WithLabels(succeeded ? "ok" : "failed").Inc();

    public static void State(int signals, double references, int open)
    {
        References.Set(references);
        Signals.Set(signals);
        Open.Set(open);
    }

    public static void IncidentOpened(string type) => Opened.WithLabels(type).Inc();

    public static void Took(string step, TimeSpan time) => Seconds.WithLabels(step).Observe(time.TotalSeconds);
}
