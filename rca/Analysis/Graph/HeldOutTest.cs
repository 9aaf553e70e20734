namespace Ops.Rca;

/// <summary>Does a forecast with one more source err less on data that it was not fitted to?</summary>
internal static class HeldOutTest
{
    /// <summary>
    /// Mean of d over its standard error, where the variance of the mean is Newey and West's (1987) with Bartlett weights up
    /// to lag 4 (n/100)^(2/9), so that errors that resemble their neighbours do not count as many.
    /// </summary>
    public static double Statistic(ReadOnlySpan<double> differences)
    {
        var n = differences.Length;
        if (n < 2)
            return 0;
        var mean = 0.0;
        foreach (var difference in differences)
            mean += difference / n;
        var lags = (int)(4 * Math.Pow(n / 100.0, 2.0 / 9));
        var variance = 0.0;
        for (var lag = 0; lag <= lags; lag++)
        {
            var sum = 0.0;
            for (var i = lag; i < n; i++)
                sum += (differences[i] - mean) * (differences[i - lag] - mean);
            variance += (lag == 0 ? 1 : 2 * (1 - (lag / (lags + 1.0)))) * sum / n;
        }

        return variance <= 1e-300 ? 0 : mean / Math.Sqrt(variance / n);
    }

    /// <summary>The chance of at least this under the standard normal distribution (Abramowitz and Stegun 26.2.17, error below 1e-7).</summary>
    public static double UpperTail(double z)
    {
        if (z < 0)
            return 1 - UpperTail(-z);
        var t = 1 / (1 + (0.2316419 * z));
        var polynomial = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return polynomial * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
    }

    /// <summary>
    /// Benjamini and Hochberg (1995): which of the tests to believe so that at most the given share of those believed is
    /// expected to be false.
    /// </summary>
    /// <param name="probabilities">Of the tests with a result.</param>
    /// <param name="tests">How many were asked in all, those without a result included.</param>
    /// <param name="rate">Share of false discoveries.</param>
    /// <returns>The largest probability that is believed; negative if none is.</returns>
    public static double Threshold(IEnumerable<double> probabilities, int tests, double rate)
    {
        var threshold = -1.0;
        var rank = 0;
        foreach (var probability in probabilities.Order())
            if (probability <= rate * ++rank / tests)
                threshold = probability;
        return threshold;
    }
}
