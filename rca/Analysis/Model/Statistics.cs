namespace Ops.Rca;

/// <summary>Order statistics that skip NaN.</summary>
internal static class Statistics
{
    /// <summary>The finite values, ascending.</summary>
    public static double[] Sorted(double[] values)
    {
        var finite = Array.FindAll(values, double.IsFinite);
        Array.Sort(finite);
        return finite;
    }

    /// <summary>Median of the finite values; NaN if there is none.</summary>
    public static double Median(double[] values) => Quantile(Sorted(values), 0.5);

    /// <summary>Quantile of ascending values by linear interpolation between order statistics (Hyndman and Fan's type 7).</summary>
    public static double Quantile(double[] sorted, double share)
    {
        if (sorted.Length == 0)
            return double.NaN;
        var position = share * (sorted.Length - 1);
        var below = (int)position;
        return below + 1 < sorted.Length
            ? sorted[below] + ((position - below) * (sorted[below + 1] - sorted[below]))
            : sorted[below];
    }

    /// <summary>Ranks 1..n of the values, ties by mid-rank; NaN has rank NaN.</summary>
    public static double[] MidRanks(double[] values)
    {
        var ranks = new double[values.Length];
        Array.Fill(ranks, double.NaN);
        var order = Enumerable.Range(0, values.Length).Where(i => !double.IsNaN(values[i])).OrderBy(i => values[i]).ToArray();
        for (var start = 0; start < order.Length;)
        {
            var end = start + 1;
            while (end < order.Length && values[order[end]] == values[order[start]])
                end++;
            for (var i = start; i < end; i++)
                ranks[order[i]] = (start + 1 + end) / 2.0;
            start = end;
        }

        return ranks;
    }
}
