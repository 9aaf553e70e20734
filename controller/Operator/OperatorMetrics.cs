using Prometheus;

namespace Ops.Operator;

/// <summary>The operator's own numbers on /metrics; queues, reconciles and writes are counted by Ops.Kube.</summary>
internal static class OperatorMetrics
{
    private static readonly Gauge Leader = Metrics.CreateGauge("ops_operator_leader", "1 while this process leads.");

    private static readonly Gauge Objects = Metrics.CreateGauge("ops_operator_objects", "Objects in the caches.", "cache");

    private static readonly Counter Scrapes = Metrics.CreateCounter("ops_operator_scrapes_total", "Readings of pods' metrics.", "target", "result");

    /// <summary>Bounds of histograms: from a cache hit that changes nothing to the time limit of a reconcile.</summary>
    public static readonly double[] Seconds = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120];

    /// <summary>Counts a reading.</summary>
    public static void Scraped(string target, bool answered) => Scrapes.WithLabels(target, answered ? "ok" : "failed").Inc();

    /// <summary>Shows state that is read when /metrics is.</summary>
    public static void Show(Func<bool> isLeader, IReadOnlyList<(string Name, Func<int> Count)> caches) =>
        Metrics.DefaultRegistry.AddBeforeCollectCallback(() =>
        {
            Leader.Set(isLeader() ? 1 : 0);
            foreach (var (name, count) in caches)
                Objects.WithLabels(name).Set(count());
        });
}
