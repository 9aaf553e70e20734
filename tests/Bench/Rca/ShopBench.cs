using Ops.Rca;

namespace Ops.Bench.Rca;

/// <summary>
/// Recorded incidents of the sample shop: real processes, once a second. A cascade is an incident in which some victim
/// moved more than the cause, measured as the shift prior measures it.
/// </summary>
internal static class ShopBench
{
    private const int Resamples = 2000;

    /// <summary>Replays every recording; without any the figures are left out.</summary>
    public static void Measure(BenchContext context)
    {
        var folder = Path.Combine(RcaData.Root(), "tests", "Bench", "Rca", "Shop");
        var all = Directory.Exists(folder) ? ShopCases.Read(folder) : [];
        var cases = all.Where(one => !one.IsControl).Select(one => one.Labelled).ToArray();
        if (cases.Length == 0)
        {
            context.Say($"no recording of the shop in {folder}: its figures are left out");
            return;
        }

        context.Say($"shop: {cases.Length} recorded incidents, {all.Count - cases.Length} controls");
        context.Figures.Add("shop_incidents", cases.Length, "", "recorded incidents of the sample shop, 1 Hz");
        context.Figures.Add("shop_services", cases.Select(one => one.Service).Distinct().Count(), "", "services that were at fault");
        context.Figures.Add("shop_cascades", 1 - First(cases, new ShiftOnly()).Average(), "", "share in which a victim moved more than the cause");
        RcaBench.MeasureMethods(context.Figures, "shop", cases);
        MeasureByFault(context.Figures, all);
        MeasureControls(context.Figures, all);
        MeasureOrder(context.Figures, cases);
        MeasureApart(context.Figures, cases);
    }

    private static void MeasureApart(Figures figures, IReadOnlyList<LabelledIncident> cases)
    {
        var apart = cases.Average(one => Separation.Of(one.Incident, RootCauseAnalysis.Run(one.Incident)).Count > 0 ? 1.0 : 0);
        figures.Add("shop_falsely_apart", apart, "", "share of single faults that are taken for two incidents at once");
    }

    private static void MeasureByFault(Figures figures, IReadOnlyList<ShopCase> all)
    {
        foreach (var group in all.Where(one => !one.IsControl).GroupBy(one => one.Fault).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var accuracy = Evaluation.Of(RootCauseAnalysis.Methods[0], [.. group.Select(one => one.Labelled)]).Service;
            figures.Add($"shop_ac1_{group.Key}", accuracy.At1, "", $"default, {group.Count()} incidents of this kind");
        }
    }

    // A surge and a placebo have no cause: what can be measured is whether an incident is claimed when no onset is told, and
    // beside it how many of the faults are claimed then.
    private static void MeasureControls(Figures figures, IReadOnlyList<ShopCase> all)
    {
        foreach (var group in all.GroupBy(one => one.IsControl ? one.Fault : "fault").OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var found = group.Select(one => OnsetSearch.Find(one.Labelled.Incident with { Onset = null })).ToArray();
            figures.Add($"shop_change_{group.Key}", found.Average(one => one is { IsChange: true } ? 1.0 : 0), "", $"share of {found.Length} in which a change is found, onset not told");
            figures.Add($"shop_incident_{group.Key}", found.Average(one => one is { IsIncident: true } ? 1.0 : 0), "", $"share of {found.Length} in which an incident is claimed: a change that users feel");
        }
    }

    // The whole step of temporal order is who moved first and the edges of linear Granger causality; then each apart.
    private static void MeasureOrder(Figures figures, LabelledIncident[] cases)
    {
        var (walk, order, granger) = (Method("shift-walk"), Method("order-walk"), Method("granger-walk"));
        LabelledIncident[] unknown = [.. cases.Select(one => one with { Incident = one.Incident with { Calls = [] } })];
        foreach (var (suffix, meaning, set) in new[] { ("", "call graph known", cases), ("_nograph", "call graph unknown", unknown) })
        {
            MeasureGain(figures, $"shop_ac1_granger_gain{suffix}", meaning, walk, granger, set);
            MeasureGain(figures, $"shop_ac1_order_gain{suffix}", meaning, walk, order, set);
            MeasureGain(figures, $"shop_ac1_edges_gain{suffix}", meaning, order, granger, set);
        }

        // What choosing the best of the scorers for each incident would reach: no weighing of them can do better.
        var scorers = new[] { walk, order, granger, new ShiftOnly(), new NSigma(), new Baro(), new EDiagnosis() }.Select(method => First(cases, method)).ToArray();
        figures.Add("shop_ac1_oracle", Enumerable.Range(0, cases.Length).Average(i => scorers.Max(scorer => scorer[i])), "", "AC@1 of an oracle that chooses the best scorer for each incident");
    }

    private static IMethod Method(string name) => RootCauseAnalysis.Methods.Single(method => method.Name == name);

    /// <summary>The gain in AC@1 of one method over another on the same cases, with a paired bootstrap interval.</summary>
    private static void MeasureGain(Figures figures, string key, string meaning, IMethod without, IMethod with, IReadOnlyList<LabelledIncident> cases)
    {
        var (before, after) = (First(cases, without), First(cases, with));
        var gains = before.Zip(after, (b, a) => a - b).ToArray();
        var random = new Random(20260103);
        var means = Enumerable.Range(0, Resamples).Select(_ => Enumerable.Range(0, gains.Length).Average(_ => gains[random.Next(gains.Length)])).Order().ToArray();
        var (low, high) = (means[(int)(0.025 * Resamples)], means[(int)(0.975 * Resamples)]);
        figures.Add(key, gains.Average(), "", $"AC@1 of {with.Name} minus {without.Name}, {meaning}, 95 % {low:0.00} to {high:0.00}");
        figures.Add($"{key}_low", low, "", "lower end of its 95 % interval");
    }

    // 1 where the cause is first, a share where it is one of several firsts, 0 where it is not.
    private static double[] First(IReadOnlyList<LabelledIncident> cases, IMethod method) =>
        [.. Evaluation.Of(method, cases).Answers.Select(answer => answer.Place.First > 1 ? 0 : 1.0 / answer.Place.Last)];
}
