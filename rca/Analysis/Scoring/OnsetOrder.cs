namespace Ops.Rca;

/// <summary>
/// Who moved first. In a cascade a victim often moves more than its cause, but later: memory grows before answers get
/// slow, a pool is used up before callers wait. Each service has the moment at which its loudest metric left its usual
/// range for good; a service that is d seconds (beyond one row) behind the first of all counts 0.3 + 0.7 exp(-d / 5 s). So
/// order alone never rules a service out, and a lag of one row, which clocks and scrapes make by themselves, costs nothing.
/// </summary>
internal static class OnsetOrder
{
    private const double Least = 0.3;
    private const double DecaySeconds = 5;

    /// <summary>The weight of each service, 1 for the first; all 1 where rows are too far apart to tell, or nothing moved.</summary>
    /// <param name="incident">Whose metrics.</param>
    /// <param name="deviations">When each metric left its usual range.</param>
    /// <param name="shifts">By metric: how far.</param>
    /// <param name="services">The candidates.</param>
    public static double[] Weights(Incident incident, IReadOnlyList<(int Metric, FirstDeviation First)> deviations, Shift[] shifts, string[] services)
    {
        var step = incident.Observed.StepSeconds;
        var began = deviations.Where(deviation => deviation.First.Metric.Kind.Weight() == 1).GroupBy(deviation => deviation.First.Metric.Service)
            .ToDictionary(group => group.Key, group => Loudest(group, shifts));
        if (began.Count == 0 || !(step <= EvenSeries.CoarsestSeconds))
            return [.. services.Select(_ => 1.0)];
        var first = began.Values.Min();
        return [.. services.Select(service => began.TryGetValue(service, out var at) ? Least + ((1 - Least) * Math.Exp(-Math.Max(0, at - first - step) / DecaySeconds)) : Least)];
    }

    // Of equally loud metrics the earliest.
    private static double Loudest(IEnumerable<(int Metric, FirstDeviation First)> own, Shift[] shifts)
    {
        var most = own.Max(deviation => shifts[deviation.Metric].Score);
        return own.Where(deviation => shifts[deviation.Metric].Score == most).Min(deviation => deviation.First.Seconds);
    }
}
