namespace Ops.Rca;

/// <summary>Ranks in which equals share the middle of their places, so that no order of columns or names can win.</summary>
public static class MidRank
{
    /// <summary>1 is the most suspect. The rank of a score is 1 + those above + half of the others that are equal.</summary>
    /// <remarks>Scores that differ by less than one part in 10^9 are equal: sums in another order differ by that much.</remarks>
    public static double[] Of(IReadOnlyList<double> scores)
    {
        var rounded = scores.Select(Rounded).ToArray();
        var ascending = rounded.Order().ToArray();
        return [.. rounded.Select(score => 1 + (ascending.Length - End(ascending, score)) + ((End(ascending, score) - Start(ascending, score) - 1) / 2.0))];
    }

    private static double Rounded(double score) =>
        double.IsNaN(score) ? double.NegativeInfinity : score == 0 || double.IsInfinity(score) ? score
        : double.Parse(score.ToString("E9", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);

    private static int Start(double[] ascending, double value) => Bound(ascending, element => element >= value);

    private static int End(double[] ascending, double value) => Bound(ascending, element => element > value);

    private static int Bound(double[] ascending, Func<double, bool> reached)
    {
        var (low, high) = (0, ascending.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = reached(ascending[middle]) ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
