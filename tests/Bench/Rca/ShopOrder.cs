using Ops.Rca;

namespace Ops.Bench.Rca;

/// <summary>
/// What temporal order adds to the shop's recordings, with and without a call graph: over all, over cascades and over the
/// others, and as if half of them were cascades. Cascades are told by the shift alone, which the order is compared with, so
/// without a call graph it can only win among them and only lose among the others: read those two together.
/// </summary>
internal static class ShopOrder
{
    private const int Resamples = 2000;

    /// <summary>The whole step of temporal order is who moved first and the edges of linear Granger causality; then each apart.</summary>
    public static void Measure(Figures figures, LabelledIncident[] cases)
    {
        var (walk, order, granger) = (Method("shift-walk"), Method("order-walk"), Method("granger-walk"));
        var cascade = ShopBench.First(cases, new ShiftOnly()).Select(first => first < 1).ToArray();
        LabelledIncident[] unknown = [.. cases.Select(one => one with { Incident = one.Incident with { Calls = [] } })];
        foreach (var (suffix, meaning, set) in new[] { ("", "call graph known", cases), ("_nograph", "call graph unknown", unknown) })
        {
            var firsts = new[] { walk, order, granger }.ToDictionary(method => method.Name, method => ShopBench.First(set, method));
            foreach (var (key, without, with) in new[] { ("granger", walk, granger), ("order", walk, order), ("edges", order, granger) })
            {
                var gains = firsts[without.Name].Zip(firsts[with.Name], (before, after) => after - before).ToArray();
                double[] among = [.. gains.Where((_, i) => cascade[i])], others = [.. gains.Where((_, i) => !cascade[i])];
                var what = $"AC@1 of {with.Name} minus {without.Name}, {meaning}";
                Add(figures, $"shop_ac1_{key}_gain{suffix}", what, gains);
                if (key != "order" || among.Length == 0 || others.Length == 0)
                    continue;
                Add(figures, $"shop_ac1_{key}_gain_cascades{suffix}", $"{what}, {among.Length} cascades", among);
                Add(figures, $"shop_ac1_{key}_gain_others{suffix}", $"{what}, {others.Length} others", others);
                Add(figures, $"shop_ac1_{key}_gain_half{suffix}", $"{what}, cascades and others weighted half each", among, others);
            }
        }

        // What choosing the best of the scorers for each incident would reach: no weighing of them can do better.
        var scorers = new[] { walk, order, granger, new ShiftOnly(), new NSigma(), new Baro(), new EDiagnosis() }.Select(method => ShopBench.First(cases, method)).ToArray();
        figures.Add("shop_ac1_oracle", Enumerable.Range(0, cases.Length).Average(i => scorers.Max(scorer => scorer[i])), "", "AC@1 of an oracle that chooses the best scorer for each incident");
    }

    private static IMethod Method(string name) => RootCauseAnalysis.Methods.Single(method => method.Name == name);

    /// <summary>The mean of the strata's mean gains, with a paired bootstrap interval that draws within each.</summary>
    private static void Add(Figures figures, string key, string what, params double[][] strata)
    {
        var random = new Random(20260103);
        var means = Enumerable.Range(0, Resamples).Select(_ => strata.Average(gains => Enumerable.Range(0, gains.Length).Average(_ => gains[random.Next(gains.Length)]))).Order().ToArray();
        var (low, high) = (means[(int)(0.025 * Resamples)], means[(int)(0.975 * Resamples)]);
        figures.Add(key, strata.Average(gains => gains.Average()), "", $"{what}, 95 % {low:0.000} to {high:0.000}");
        figures.Add($"{key}_low", low, "", "lower end of its 95 % interval");
    }
}
