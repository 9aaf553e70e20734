using Ops.Kube;

namespace Ops.Dashboard.Metrics;

/// <summary>What all pods said in one round, and the figures that follow from it and the round before. Pure.</summary>
/// <param name="At">When it was taken.</param>
/// <param name="Pods">Model servers by uid, with the pool that each belongs to.</param>
/// <param name="Routers">Routers by uid.</param>
/// <param name="Services">Other annotated pods by uid, with the workload that each belongs to.</param>
internal sealed record ScrapeRound(
    DateTimeOffset At,
    IReadOnlyDictionary<string, (ObjectKey Pod, ObjectKey Pool, PodReading Reading)> Pods,
    IReadOnlyDictionary<string, RouterReading> Routers,
    IReadOnlyDictionary<string, (string Workload, ServiceReading Reading)> Services)
{
    /// <summary>Operators by uid.</summary>
    public IReadOnlyDictionary<string, StoreReading> Stores { get; init; } = new Dictionary<string, StoreReading>();

    /// <summary>The figures of this round.</summary>
    public Dictionary<string, double> Figures(ScrapeRound? before)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var pool in Pods.Values.GroupBy(pod => pod.Pool))
            OfPool(figures, pool.Key.ToString(), [.. pool.Select(pod => pod.Reading)]);
        foreach (var (name, value) in Stores.Values.SelectMany(store => store.Gauges))
            figures[name] = value;
        if (before is null)
            return figures;
        var elapsed = At - before.At;
        foreach (var pool in Pods.Where(pod => before.Pods.ContainsKey(pod.Key)).GroupBy(pod => pod.Value.Pool))
            RatesOfPool(figures, pool.Key.ToString(), [.. pool.Select(pod => (before.Pods[pod.Key].Reading, pod.Value.Reading))], elapsed);
        OfRoutes(figures, before, elapsed);
        foreach (var pods in Services.Where(pod => before.Services.ContainsKey(pod.Key)).GroupBy(pod => pod.Value.Workload))
            OfService(figures, pods.Key, [.. pods.Select(pod => (before.Services[pod.Key].Reading, pod.Value.Reading))], elapsed);
        return figures;
    }

    private static void OfPool(Dictionary<string, double> figures, string pool, IReadOnlyList<PodReading> pods)
    {
        Sum(figures, MetricStore.Name(Metrics.Figures.Watts, pool), pods.Select(pod => pod.Watts));
        Sum(figures, MetricStore.Name(Metrics.Figures.Running, pool), pods.Select(pod => pod.Running));
        Sum(figures, MetricStore.Name(Metrics.Figures.Waiting, pool), pods.Select(pod => pod.Waiting));
        if (pods.Min(pod => pod.Clock) is { } clock)
            figures[MetricStore.Name(Metrics.Figures.Clock, pool)] = clock;
    }

    private static void RatesOfPool(Dictionary<string, double> figures, string pool, IReadOnlyList<(PodReading Before, PodReading Now)> pods, TimeSpan elapsed)
    {
        Sum(figures, MetricStore.Name(Metrics.Figures.Tokens, pool), pods.Select(pod => Rate.Of(pod.Before.Tokens, pod.Now.Tokens, elapsed)));
        Sum(figures, MetricStore.Name(Metrics.Figures.Prompts, pool), pods.Select(pod => Rate.Of(pod.Before.Prompts, pod.Now.Prompts, elapsed)));
        Sum(figures, MetricStore.Name(Metrics.Figures.Joules, pool), pods.Select(pod => Rate.Of(pod.Before.Joules, pod.Now.Joules, elapsed)));
        var answers = pods.Sum(pod => Rate.Of(pod.Before.PerTokenCount, pod.Now.PerTokenCount, elapsed) ?? 0);
        if (answers > 0)
            figures[MetricStore.Name(Metrics.Figures.PerToken, pool)] = pods.Sum(pod => Rate.Of(pod.Before.PerTokenSum, pod.Now.PerTokenSum, elapsed) ?? 0) / answers;
    }

    private void OfRoutes(Dictionary<string, double> figures, ScrapeRound before, TimeSpan elapsed)
    {
        var first = new Dictionary<(string Route, double Bound), double>();
        foreach (var (uid, router) in Routers)
        {
            foreach (var (name, value) in router.Gauges)
                figures[name] = figures.GetValueOrDefault(name) + value;
            if (!before.Routers.TryGetValue(uid, out var old))
                continue;
            // A counter appears with its first count, so an absent one was zero.
            foreach (var (name, value) in router.Counters)
                figures[name] = figures.GetValueOrDefault(name) + Rate.Of(old.Counters.GetValueOrDefault(name), value, elapsed)!.Value;
            foreach (var (bucket, value) in router.FirstTokens)
                first[bucket] = first.GetValueOrDefault(bucket) + Rate.Of(old.FirstTokens.GetValueOrDefault(bucket), value, elapsed)!.Value;
        }

        foreach (var route in first.GroupBy(bucket => bucket.Key.Route))
            if (Percentile([.. route.Select(bucket => (bucket.Key.Bound, bucket.Value)).OrderBy(bucket => bucket.Bound)], 0.95) is { } seconds)
                figures[MetricStore.Name(Metrics.Figures.FirstToken, route.Key)] = seconds;
    }

    private static void OfService(Dictionary<string, double> figures, string service, IReadOnlyList<(ServiceReading Before, ServiceReading Now)> pods, TimeSpan elapsed)
    {
        OfCalls(figures, (Metrics.Figures.Served, Metrics.Figures.Failing, Metrics.Figures.Duration), [service], [.. pods.Select(pod => (pod.Before.Answered, pod.Now.Answered))], elapsed);
        foreach (var host in pods.SelectMany(pod => pod.Now.Made.Keys).Distinct())
            if (Workload.Callee(service, host) is { } callee)
                OfCalls(
                    figures, (Metrics.Figures.Calls, Metrics.Figures.CallFailing, Metrics.Figures.CallDuration), [service, callee],
                    [.. pods.Select(pod => (pod.Before.Made.GetValueOrDefault(host) ?? new(), pod.Now.Made.GetValueOrDefault(host) ?? new()))], elapsed);
    }

    private static void OfCalls(
        Dictionary<string, double> figures, (string Rate, string Failing, string Duration) names, string[] of,
        IReadOnlyList<(ServiceReading.Calls Before, ServiceReading.Calls Now)> pods, TimeSpan elapsed)
    {
        double Gain(Func<ServiceReading.Calls, double> counter) => pods.Sum(pod => Rate.Of(counter(pod.Before), counter(pod.Now), elapsed) ?? 0);
        var count = Gain(calls => calls.Count);
        figures[MetricStore.Name(names.Rate, of)] = count;
        if (count <= 0)
            return;
        figures[MetricStore.Name(names.Failing, of)] = Gain(calls => calls.Failed) / count;
        figures[MetricStore.Name(names.Duration, of)] = Gain(calls => calls.Seconds) / count;
    }

    /// <summary>A percentile of cumulative buckets, by straight lines within a bucket, as PromQL's histogram_quantile.</summary>
    internal static double? Percentile(IReadOnlyList<(double Bound, double Count)> buckets, double share)
    {
        if (buckets.Count == 0 || buckets[^1].Count <= 0)
            return null;
        var wanted = share * buckets[^1].Count;
        var (low, below) = (0.0, 0.0);
        foreach (var (bound, count) in buckets)
        {
            if (count >= wanted)
                return double.IsFinite(bound) && count > below ? low + ((bound - low) * (wanted - below) / (count - below)) : low;
            (low, below) = (bound, count);
        }

        return low;
    }

    private static void Sum(Dictionary<string, double> figures, string name, IEnumerable<double?> values)
    {
        var known = values.OfType<double>().ToArray();
        if (known.Length > 0)
            figures[name] = known.Sum();
    }
}
