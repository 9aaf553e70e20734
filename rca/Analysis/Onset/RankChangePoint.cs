namespace Ops.Rca;

/// <summary>An onset as found.</summary>
/// <param name="Seconds">The most likely first time of the incident.</param>
/// <param name="Earliest">Start of the interval in which the statistic is within 5 % of its peak.</param>
/// <param name="Latest">End of that interval.</param>
/// <param name="Probability">Share of block-shuffled copies of the data with a peak as high: small means a real change.</param>
public sealed record FoundOnset(double Seconds, double Earliest, double Latest, double Probability);

/// <summary>
/// Where the metrics' ranks split best into before and after: at each row, the sum over metrics of the squared
/// standardised rank-sum statistic (Wilcoxon). Ranks make it indifferent to scale and to single spikes.
/// </summary>
public static class RankChangePoint
{
    // With fewer rows than this even a perfect split is likely to come by chance.
    private const int FewestRows = 8;
    private const int Shuffles = 99;

    /// <summary>The change point; null if there are too few rows.</summary>
    public static FoundOnset? Find(MetricTable table)
    {
        if (table.Rows < FewestRows)
            return null;
        var margin = Math.Max(2, table.Rows / 20);
        var ranks = table.Columns.Select(Centred).ToArray();
        var order = Enumerable.Range(0, table.Rows).ToArray();
        var curve = Curve(ranks, order, margin);
        var peak = curve.Max();
        var best = Array.IndexOf(curve, peak);
        var near = Enumerable.Range(0, curve.Length).Where(row => curve[row] >= 0.95 * peak).ToArray();
        return new FoundOnset(table.Times[best], table.Times[near[0]], table.Times[near[^1]], ByChance(ranks, margin, peak));
    }

    // Blocks keep the autocorrelation that a plain shuffle would destroy, and with it the false alarms honest.
    private static double ByChance(double[][] ranks, int margin, double peak)
    {
        var rows = ranks[0].Length;
        var block = Math.Max(1, rows / 12);
        var random = new Random(20260101);
        var asHigh = 0;
        for (var shuffle = 0; shuffle < Shuffles; shuffle++)
        {
            var starts = Enumerable.Range(0, (rows + block - 1) / block).Select(i => i * block).ToArray();
            random.Shuffle(starts);
            var order = starts.SelectMany(start => Enumerable.Range(start, Math.Min(block, rows - start))).ToArray();
            if (Curve(ranks, order, margin).Max() >= peak)
                asHigh++;
        }

        return (asHigh + 1.0) / (Shuffles + 1);
    }

    // Mid-ranks minus their mean, over their standard deviation; a gap or a constant metric is 0 and so says nothing.
    private static double[] Centred(double[] column)
    {
        var ranks = Statistics.MidRanks(column);
        var finite = ranks.Where(double.IsFinite).ToArray();
        if (finite.Length < FewestRows)
            return new double[column.Length];
        var mean = finite.Average();
        var deviation = Math.Sqrt(finite.Average(rank => (rank - mean) * (rank - mean)));
        return [.. ranks.Select(rank => double.IsNaN(rank) || deviation == 0 ? 0 : (rank - mean) / deviation)];
    }

    // At row k: the sum over metrics of (sum of the ranks from k on)^2 / (k (n - k) / n).
    private static double[] Curve(double[][] ranks, int[] order, int margin)
    {
        var rows = order.Length;
        var curve = new double[rows];
        foreach (var column in ranks)
        {
            var after = 0.0;
            for (var k = rows - 1; k >= margin; k--)
            {
                after += column[order[k]];
                if (k <= rows - margin)
                    curve[k] += after * after * rows / ((double)k * (rows - k));
            }
        }

        return curve;
    }
}
