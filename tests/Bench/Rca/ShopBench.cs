using Ops.Rca;

namespace Ops.Bench.Rca;

/// <summary>
/// Recorded incidents of the sample shop: real processes, once a second. A cascade is an incident in which some victim
/// moved more than the cause, measured as the shift prior measures it.
/// </summary>
internal static class ShopBench
{
    /// <summary>Replays every recording; without any the figures are left out.</summary>
    public static void Measure(BenchContext context)
    {
        var folder = Path.Combine(RcaData.Root(), "tests", "Bench", "Rca", "Shop");
        var all = Directory.Exists(folder) ? ShopCases.Read(folder) : [];
        var cases = all.Where(one => one.IsSingle).Select(one => one.Labelled).ToArray();
        if (cases.Length == 0)
        {
            context.Say($"no recording of the shop in {folder}: its figures are left out");
            return;
        }

        context.Say($"shop: {cases.Length} recorded incidents, {all.Count(one => one.IsControl)} controls");
        context.Figures.Add("shop_incidents", cases.Length, "", "recorded incidents of the sample shop, 1 Hz");
        context.Figures.Add("shop_services", cases.Select(one => one.Service).Distinct().Count(), "", "services that were at fault");
        context.Figures.Add("shop_cascades", 1 - First(cases, new ShiftOnly()).Average(), "", "share in which a victim moved more than the cause");
        RcaBench.MeasureMethods(context.Figures, "shop", cases);
        MeasureByFault(context.Figures, all);
        MeasureControls(context.Figures, all);
        ShopOrder.Measure(context.Figures, cases);
        MeasureApart(context.Figures, cases);
        MeasurePairs(context.Figures, [.. all.Where(one => one.Second is not null)]);
    }

    private static void MeasureApart(Figures figures, IReadOnlyList<LabelledIncident> cases)
    {
        var apart = cases.Average(one => Separation.Of(one.Incident, RootCauseAnalysis.Run(one.Incident)).Count > 0 ? 1.0 : 0);
        figures.Add("shop_falsely_apart", apart, "", "share of single faults that are taken for two incidents at once");
    }

    private static void MeasureByFault(Figures figures, IReadOnlyList<ShopCase> all)
    {
        foreach (var group in all.Where(one => one.IsSingle).GroupBy(one => one.Fault).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var accuracy = Evaluation.Of(RootCauseAnalysis.Methods[0], [.. group.Select(one => one.Labelled)]).Service;
            figures.Add($"shop_ac1_{group.Key}", accuracy.At1, "", $"default, {group.Count()} incidents of this kind");
        }
    }

    // A surge and a placebo have no cause: what can be measured is whether an incident is claimed when no onset is told, and
    // beside it how many of the faults are claimed then.
    private static void MeasureControls(Figures figures, IReadOnlyList<ShopCase> all)
    {
        foreach (var group in all.Where(one => one.Second is null).GroupBy(one => one.IsControl ? one.Fault : "fault").OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var found = group.Select(one => OnsetSearch.Find(one.Labelled.Incident with { Onset = null })).ToArray();
            figures.Add($"shop_change_{group.Key}", found.Average(one => one is { IsChange: true } ? 1.0 : 0), "", $"share of {found.Length} in which a change is found, onset not told");
            figures.Add($"shop_incident_{group.Key}", found.Average(one => one is { IsIncident: true } ? 1.0 : 0), "", $"share of {found.Length} in which an incident is claimed: a change that users feel");
        }
    }

    // Two faults at once: is either named first, are both among the first two, and does each become an incident of its own.
    private static void MeasurePairs(Figures figures, IReadOnlyList<ShopCase> pairs)
    {
        if (pairs.Count == 0)
            return;
        var ranked = pairs.Select(pair => (pair.Labelled.Incident, Truth: new[] { pair.Labelled.Service, pair.Second! }.Order(StringComparer.Ordinal).ToArray(), Analysis: RootCauseAnalysis.Run(pair.Labelled.Incident))).ToArray();
        figures.Add("shop_pairs", pairs.Count, "", "recordings of two faults at once, in two services");
        figures.Add("shop_pairs_one", ranked.Average(pair => pair.Truth.Contains(pair.Analysis.Services[0].Service) ? 1.0 : 0), "", "share in which one of the two is named first");
        figures.Add("shop_pairs_both3", ranked.Average(pair => pair.Truth.All(pair.Analysis.Services.Take(3).Select(cause => cause.Service).Contains) ? 1.0 : 0), "", "share in which both are among the first three");
        figures.Add("shop_pairs_apart", ranked.Average(pair => Separation.Of(pair.Incident, pair.Analysis).Select(one => one.Ranking.Services[0].Service).Order(StringComparer.Ordinal).SequenceEqual(pair.Truth) ? 1.0 : 0), "", "share that is told apart as two incidents, each with its cause first");
    }

    // 1 where the cause is first, a share where it is one of several firsts, 0 where it is not.
    internal static double[] First(IReadOnlyList<LabelledIncident> cases, IMethod method) =>
        [.. Evaluation.Of(method, cases).Answers.Select(answer => answer.Place.First > 1 ? 0 : 1.0 / answer.Place.Last)];
}
