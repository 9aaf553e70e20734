namespace Ops.Rca;

/// <summary>
/// BARO's scorer (RobustScorer; Pham et al., FSE 2024): the largest incident value above the reference median, in
/// interquartile ranges. A constant reference has scale 1, as in scikit-learn's RobustScaler.
/// </summary>
public sealed class Baro : IMethod
{
    /// <inheritdoc/>
    public string Name => "baro";

    /// <inheritdoc/>
    public Scores Score(Incident incident, double? onset)
    {
        var windows = Windows.Split(incident, onset);
        return Scores.FromMetrics(incident, [.. Enumerable.Range(0, incident.Observed.Metrics.Count).Select(m => Of(windows.Reference(m), windows.During(m)))]);
    }

    private static double Of(double[] reference, double[] during)
    {
        var sorted = Statistics.Sorted(reference);
        var values = Statistics.Sorted(during);
        if (sorted.Length == 0 || values.Length == 0)
            return 0;
        var range = Statistics.Quantile(sorted, 0.75) - Statistics.Quantile(sorted, 0.25);
        return values.Max(value => value - Statistics.Quantile(sorted, 0.5)) / (range < 1e-12 ? 1 : range);
    }
}
