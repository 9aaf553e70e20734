namespace Ops.Rca;

/// <summary>One metric's shift.</summary>
/// <param name="Score">Evidence 0..8: kind weight times min(8, ln(1 + max(0, shift - 1))).</param>
/// <param name="Deviations">In robust standard deviations, positive in the bad direction (or in either, where both count).</param>
/// <param name="From">Median of the reference whose shift was the smaller.</param>
/// <param name="To">Median during the incident.</param>
internal readonly record struct Shift(double Score, double Deviations, double From, double To);

/// <summary>
/// A robust shift prior: how far a metric's median moved in the bad direction, against two references. The long one
/// gives the scale; the minutes before the incident make it local, so that a metric that was already unusual (a normal
/// period recorded months away, an earlier fault that fades) counts only for what it moved now.
/// </summary>
internal static class ShiftPrior
{
    private const double Most = 8;

    // A quiet median moves by up to about one deviation between windows of a few rows.
    private const double Noise = 1;

    public static Shift Of(Windows windows, int metric, Metric measured)
    {
        var during = Statistics.Median(windows.During(metric));
        var reference = Statistics.Sorted(windows.Reference(metric));
        var before = Statistics.Sorted(windows.Before(metric));
        var basis = reference.Length > 0 ? reference : before;
        if (double.IsNaN(during) || basis.Length == 0)
            return new Shift(0, 0, double.NaN, during);
        var (kind, scale) = (measured.Kind, Math.Max(measured.Resolution, Scale(basis)));
        var (shift, from) = Against(basis, during, scale, kind);
        if (before.Length > 0)
        {
            var local = Against(before, during, scale, kind);
            if (local.Shift < shift)
                (shift, from) = local;
        }

        return new Shift(kind.Weight() * Math.Min(Most, Math.Log(1 + Math.Max(0, shift - Noise))), shift, from, during);
    }

    /// <summary>The largest of IQR/1.349, half of the 95 % range over 3.92, 2 % of the median and 1e-9.</summary>
    internal static double Scale(double[] sorted)
    {
        var quartiles = (Statistics.Quantile(sorted, 0.75) - Statistics.Quantile(sorted, 0.25)) / 1.349;
        var range = 0.5 * (Statistics.Quantile(sorted, 0.975) - Statistics.Quantile(sorted, 0.025)) / 3.92;
        return Math.Max(Math.Max(quartiles, range), Math.Max(0.02 * Math.Abs(Statistics.Quantile(sorted, 0.5)), 1e-9));
    }

    private static (double Shift, double From) Against(double[] sorted, double during, double scale, MetricKind kind)
    {
        var from = Statistics.Quantile(sorted, 0.5);
        var shift = (during - from) / scale;
        return (kind.BadDirection() switch { 0 => Math.Abs(shift), var direction => direction * shift }, from);
    }
}
