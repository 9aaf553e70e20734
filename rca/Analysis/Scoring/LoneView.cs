namespace Ops.Rca;

/// <summary>
/// What only one of several callers sees of a service: calls that take long or fail, though nobody else finds it slow or
/// failing, it itself does not, and what arrives does not lose time on the way. That speaks as much against the caller (its
/// pool is used up, its clients give up too early) as against the service, so it counts half.
/// </summary>
internal static class LoneView
{
    private const double Alone = 0.5;

    // Another's view confirms it from half as loud on.
    private const double Confirms = 0.5;

    /// <summary>The scores by metric after that.</summary>
    public static double[] Weighed(IReadOnlyList<Metric> metrics, double[] scores)
    {
        var weighed = (double[])scores.Clone();
        foreach (var service in Enumerable.Range(0, metrics.Count).Where(m => metrics[m].Kind.IsSymptom()).GroupBy(m => metrics[m].Service))
        {
            if (service.Select(m => metrics[m].SeenBy).OfType<string>().Distinct().Count() < 2)
                continue;
            foreach (var view in service.Where(m => metrics[m] is { SeenBy: not null, Kind: not MetricKind.EdgeGap }))
                if (service.Where(m => metrics[m].Kind == MetricKind.EdgeGap || metrics[m].SeenBy != metrics[view].SeenBy).Select(m => scores[m]).DefaultIfEmpty(0).Max() < Confirms * scores[view])
                    weighed[view] *= Alone;
        }

        return weighed;
    }
}
