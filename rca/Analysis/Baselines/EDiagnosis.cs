namespace Ops.Rca;

/// <summary>
/// As in e-Diagnosis (Shan et al., WWW 2019), a two-sample energy statistic between the reference and the incident:
/// (2 E|X-Y| - E|X-X'| - E|Y-Y'|) / 2 E|X-Y|, which is 0 for equal distributions and at most 1.
/// </summary>
public sealed class EDiagnosis : IMethod
{
    // At most 200 values of each side, evenly spaced: 120,000 distances a metric.
    private const int Most = 200;

    /// <inheritdoc/>
    public string Name => "ediagnosis";

    /// <inheritdoc/>
    public Scores Score(Incident incident, double? onset)
    {
        var windows = Windows.Split(incident, onset);
        return Scores.FromMetrics(incident, [.. Enumerable.Range(0, incident.Observed.Metrics.Count).Select(m => Of(Thin(windows.Reference(m)), Thin(windows.During(m))))]);
    }

    private static double Of(double[] x, double[] y)
    {
        if (x.Length == 0 || y.Length == 0)
            return 0;
        var between = 2 * Mean(x, y);
        return between <= 0 ? 0 : (between - Mean(x, x) - Mean(y, y)) / between;
    }

    private static double[] Thin(double[] values)
    {
        var sorted = Statistics.Sorted(values);
        return sorted.Length <= Most ? sorted : [.. Enumerable.Range(0, Most).Select(i => sorted[(int)((i + 0.5) * sorted.Length / Most)])];
    }

    private static double Mean(double[] x, double[] y) => x.Sum(a => y.Sum(b => Math.Abs(a - b))) / ((double)x.Length * y.Length);
}
