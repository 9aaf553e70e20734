namespace Ops.Traces;

/// <summary>Random draws with a given mean and coefficient of variation (standard deviation / mean).</summary>
public static class Draw
{
    /// <summary>Log-normal.</summary>
    public static double LogNormal(Random random, double mean, double variation)
    {
        var variance = Math.Log(1 + (variation * variation));
        return mean * Math.Exp((Math.Sqrt(variance) * Normal(random)) - (variance / 2));
    }

    /// <summary>Marsaglia and Tsang's method; below shape 1 with their boost by a power of a uniform draw.</summary>
    public static double Gamma(Random random, double mean, double variation)
    {
        var shape = 1 / (variation * variation);
        var boost = shape < 1 ? Math.Pow(1 - random.NextDouble(), 1 / shape) : 1;
        var d = (shape < 1 ? shape + 1 : shape) - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var normal = Normal(random);
            var v = Math.Pow(1 + (c * normal), 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < (0.5 * normal * normal) + d - (d * v) + (d * Math.Log(v)))
                return mean / shape * boost * d * v;
        }
    }

    /// <summary>
    /// Two exponentials: mostly a short one with a given mean, seldom a long one whose mean and share give the wanted mean m and
    /// variation c. With short mean a and long mean b of share p: p = (m - a)/(b - a) and, from the second moment,
    /// b = (m^2 (c^2 + 1)/2 - a^2)/(m - a) - a.
    /// </summary>
    public static double HyperExponential(Random random, double mean, double variation, double shortMean)
    {
        var second = mean * mean * ((variation * variation) + 1) / 2;
        var longMean = ((second - (shortMean * shortMean)) / (mean - shortMean)) - shortMean;
        var share = (mean - shortMean) / (longMean - shortMean);
        return -Math.Log(1 - random.NextDouble()) * (random.NextDouble() < share ? longMean : shortMean);
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
