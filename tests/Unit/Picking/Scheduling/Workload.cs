namespace Ops.Picking.Tests;

/// <summary>Seeded arrivals for simulations.</summary>
internal static class Workload
{
    /// <summary>
    /// Poisson arrivals of one tenant. Lengths are log-normal about the given medians, as in the field's chat traces:
    /// a few answers are ten times as long as most.
    /// </summary>
    internal static IEnumerable<SimulatedRequest> Poisson(string tenant, double perSecond, double seconds, int seed, int prompt = 400, int output = 150, Func<double, Random, double>? expect = null, double weight = 1, double fromMs = 0)
    {
        var random = new Random(seed);
        for (var at = 0.0; ; )
        {
            at += -Math.Log(1 - random.NextDouble()) / perSecond;
            if (at >= seconds)
                yield break;
            var written = LogNormal(random, output, 0.8, 2_000);
            yield return new SimulatedRequest
            {
                Tenant = tenant,
                ArrivalMs = fromMs + (at * 1000),
                PromptTokens = LogNormal(random, prompt, 0.6, 4_000),
                OutputTokens = written,
                ExpectedOutputTokens = expect is null ? 200 : expect(written, random),
                Weight = weight,
            };
        }
    }

    internal static double Quantile(IEnumerable<double> values, double q)
    {
        var ordered = values.Order().ToList();
        return ordered[Math.Min(ordered.Count - 1, (int)(q * ordered.Count))];
    }

    internal static int LogNormal(Random random, double median, double sigma, int most)
    {
        var gauss = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return Math.Clamp((int)(median * Math.Exp(sigma * gauss)), 1, most);
    }
}
