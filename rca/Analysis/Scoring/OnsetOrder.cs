namespace Ops.Rca;

/// <summary>
/// Who moved first. In a cascade a victim often moves more than its cause, but later: memory grows before answers get
/// slow, a pool is used up before callers wait. What a metric says counts by the moment at which it left its usual range
/// for good: one that is d seconds (beyond one row) behind the first counts 0.3 + 0.7 exp(-d / 3 s), or by one row where rows are farther apart than 3 s. So order alone never
/// rules anything out, and a lag of one row, which clocks and scrapes make by themselves, costs nothing. A service counts
/// by what is left of its loudest evidence: a queue that is full half a minute later takes nothing from a latency that rose at once.
/// </summary>
internal sealed class OnsetOrder
{
    private const double Least = 0.3;
    private const double DecaySeconds = 3;

    // Many metrics make one of them seem early by chance: only those at least 0.3 times as loud as the loudest of all, and so
    // as their service's, can be the first.
    private const double Loud = 0.3;

    private OnsetOrder(double[] metrics, double[] services) => (Metrics, Services) = (metrics, services);

    /// <summary>By metric, 1 for the first.</summary>
    public double[] Metrics { get; }

    /// <summary>By service: its loudest evidence after its metrics were weighed, by its loudest before.</summary>
    public double[] Services { get; }

    /// <summary>Weighs metrics and services; all 1 where rows are too far apart to tell, or nothing moved.</summary>
    /// <param name="incident">Whose metrics.</param>
    /// <param name="deviations">When each metric left its usual range.</param>
    /// <param name="shifts">By metric: how far.</param>
    /// <param name="services">The candidates.</param>
    public static OnsetOrder Of(Incident incident, IReadOnlyList<(int Metric, FirstDeviation First)> deviations, Shift[] shifts, string[] services)
    {
        var step = incident.Observed.StepSeconds;
        var own = deviations.Where(deviation => deviation.First.Metric.Kind.Weight() == 1).ToLookup(deviation => deviation.First.Metric.Service);
        if (own.Count == 0 || !(step <= EvenSeries.CoarsestSeconds))
            return new OnsetOrder([.. shifts.Select(_ => 1.0)], [.. services.Select(_ => 1.0)]);
        var loudest = own.ToDictionary(group => group.Key, group => group.Max(deviation => shifts[deviation.Metric].Score));
        var first = own.SelectMany(group => group).Where(deviation => shifts[deviation.Metric].Score >= Loud * loudest.Values.Max()).Min(deviation => deviation.First.Seconds);
        var metrics = shifts.Select(_ => Least).ToArray();
        foreach (var (metric, deviation) in deviations)
            metrics[metric] = Least + ((1 - Least) * Math.Exp(-Math.Max(0, deviation.Seconds - first - step) / Math.Max(DecaySeconds, step)));
        return new OnsetOrder(
            metrics, [.. services.Select(service => loudest.TryGetValue(service, out var most) ? own[service].Max(deviation => shifts[deviation.Metric].Score * metrics[deviation.Metric]) / most : Least)]);
    }
}
