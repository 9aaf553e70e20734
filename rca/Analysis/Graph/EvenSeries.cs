namespace Ops.Rca;

/// <summary>
/// Metrics on one even grid of times, as tests of temporal order need them: gaps are filled by straight lines and
/// remembered, and each series has mean 0 and deviation 1.
/// </summary>
public sealed class EvenSeries
{
    // Propagation between services takes milliseconds to seconds: of rows farther apart than this, the order tells nothing.
    internal const double CoarsestSeconds = 15;

    // With n held-out rows a gain of 1/4 has a statistic of about sqrt(n)/2; a thousand pairs need 3.7 to stand out, hence
    // 55, and the fits leave some rows to the lags.
    private const int FewestRows = 60;

    // A straight line over more than this share of a series is our invention, not its behaviour.
    private const double MostMissing = 0.3;

    private EvenSeries(IReadOnlyList<Metric> metrics, double stepSeconds, float[][] values, bool[][] known) =>
        (Metrics, StepSeconds, Values, Known) = (metrics, stepSeconds, values, known);

    /// <summary>What each series is.</summary>
    public IReadOnlyList<Metric> Metrics { get; }

    /// <summary>Seconds between rows.</summary>
    public double StepSeconds { get; }

    /// <summary>Values[metric][row], standardised and without gaps.</summary>
    public IReadOnlyList<float[]> Values { get; }

    /// <summary>False where the value was filled in.</summary>
    public IReadOnlyList<bool[]> Known { get; }

    /// <summary>Rows.</summary>
    public int Rows => Values[0].Length;

    /// <summary>The metrics that vary and are not mostly missing; null with the reason where no test could have power.</summary>
    /// <param name="table">Where the metrics are.</param>
    /// <param name="metrics">Which.</param>
    /// <param name="why">Why the result is null.</param>
    /// <param name="changes">
    /// True for the change from row to row in place of the value. Metrics that step up together would each seem to foretell
    /// the other's new level; of changes, only one that comes earlier foretells anything.
    /// </param>
    public static EvenSeries? From(MetricTable table, IReadOnlyList<int> metrics, out string why, bool changes = false)
    {
        var step = table.StepSeconds;
        why = step > CoarsestSeconds ? $"rows {step:0} s apart are too coarse to tell who moves first; at most {CoarsestSeconds:0} s would do"
            : double.IsNaN(step) || table.Rows < FewestRows ? $"{table.Rows} rows are too few to tell who moves first; {FewestRows} are needed" : "";
        if (why.Length > 0)
            return null;
        // A gap in the times becomes rows of gaps, within reason.
        var rows = (int)Math.Min(Math.Round((table.Times[^1] - table.Times[0]) / step) + 1, 2.0 * table.Rows);
        var kept = new List<(Metric Metric, float[] Values, bool[] Known)>();
        foreach (var m in metrics)
            if (Fill(table, m, step, rows, changes) is { } series)
                kept.Add((table.Metrics[m], series.Values, series.Known));
        if (kept.Count < 2)
            why = "fewer than two metrics vary";
        return kept.Count < 2 ? null : new EvenSeries([.. kept.Select(one => one.Metric)], step, [.. kept.Select(one => one.Values)], [.. kept.Select(one => one.Known)]);
    }

    private static (float[] Values, bool[] Known)? Fill(MetricTable table, int metric, double step, int rows, bool changes)
    {
        var values = new double[rows];
        Array.Fill(values, double.NaN);
        for (var row = 0; row < table.Rows; row++)
        {
            var at = (int)Math.Round((table.Times[row] - table.Times[0]) / step);
            if (at < rows && double.IsFinite(table.Columns[metric][row]))
                values[at] = table.Columns[metric][row];
        }

        var known = Array.ConvertAll(values, double.IsFinite);
        var count = known.Count(here => here);
        if (count < (1 - MostMissing) * rows)
            return null;
        Interpolate(values);
        if (changes)
            Change(values);
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        if (deviation <= 1e-12 * Math.Max(1, Math.Abs(mean)))
            return null;
        return ([.. values.Select(value => (float)((value - mean) / deviation))], known);
    }

    // Cut at four robust deviations, so that a single jump does not decide what a series looks like.
    private static void Change(double[] values)
    {
        for (var row = values.Length - 1; row > 0; row--)
            values[row] -= values[row - 1];
        values[0] = 0;
        var most = 4 * Math.Max(1e-12, ShiftPrior.Scale(Statistics.Sorted(values)));
        for (var row = 0; row < values.Length; row++)
            values[row] = Math.Clamp(values[row], -most, most);
    }

    private static void Interpolate(double[] values)
    {
        var before = -1;
        for (var row = 0; row <= values.Length; row++)
        {
            if (row < values.Length && double.IsNaN(values[row]))
                continue;
            for (var gap = before + 1; gap < row; gap++)
                values[gap] = before < 0 ? values[row] : row == values.Length ? values[before]
                    : values[before] + ((values[row] - values[before]) * (gap - before) / (row - before));
            before = row;
        }
    }
}
