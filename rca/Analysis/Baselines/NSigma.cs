namespace Ops.Rca;

/// <summary>N-sigma: the largest distance of any incident value from the reference mean, in standard deviations.</summary>
public sealed class NSigma : IMethod
{
    /// <inheritdoc/>
    public string Name => "nsigma";

    /// <inheritdoc/>
    public Scores Score(Incident incident, double? onset)
    {
        var windows = Windows.Split(incident, onset);
        return Scores.FromMetrics(incident, [.. Enumerable.Range(0, incident.Observed.Metrics.Count).Select(m => Of(windows.Reference(m), windows.During(m)))]);
    }

    private static double Of(double[] reference, double[] during)
    {
        var finite = Statistics.Sorted(reference);
        var values = Statistics.Sorted(during);
        if (finite.Length == 0 || values.Length == 0)
            return 0;
        var mean = finite.Average();
        var deviation = Math.Sqrt(finite.Sum(value => (value - mean) * (value - mean)) / finite.Length);
        // A constant reference has no scale; as in scikit-learn's StandardScaler, 1 stands in.
        return values.Max(value => Math.Abs(value - mean)) / (deviation < 1e-12 ? 1 : deviation);
    }
}
