using Ops.Rca;
using Ops.Rca.Reading;

namespace Ops.Bench.Rca;

/// <summary>
/// How often the cause is named, on public data sets that lie beside the checkout; beside it the simple scorers, what
/// each part adds, a wrong or no told onset, and two controls: no metrics (topology) and no fault (placebo). A data set
/// that is absent leaves its figures out.
/// </summary>
internal sealed class RcaBench : IBench
{
    private static readonly (string Key, string Folder)[] Sets = [("petshop", "petshop"), ("nezha_ob", "nezha-online-boutique-2022-08-22")];

    /// <inheritdoc/>
    public string Name => "rca";

    /// <inheritdoc/>
    public string Summary => "Root causes named right on public data sets, beside N-sigma, BARO and controls";

    /// <inheritdoc/>
    public Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var data = Path.GetFullPath(Path.Combine(RcaData.Root(), "..", "shared", "data", "rca"));
        foreach (var (key, folder) in Sets)
        {
            cancellation.ThrowIfCancellationRequested();
            var path = Path.Combine(data, folder);
            if (!Directory.Exists(path))
            {
                context.Say($"{folder} is not in {data}: its figures are left out");
                continue;
            }

            var cases = CaseReader.ReadCases(path);
            context.Say($"{folder}: {cases.Count} cases");
            MeasureMethods(context.Figures, key, cases);
            MeasureOnsets(context.Figures, key, cases);
            MeasurePlacebo(context.Figures, key, cases, context.Quick ? 24 : 200);
        }

        ShopBench.Measure(context);
        RcaEdges.Measure(context, cancellation);
        RcaCost.Measure(context);
        return Task.CompletedTask;
    }

    /// <summary>AC@1 and Avg@5 of every method at service level, AC@1, AC@3 and AC@5 at metric level where the truth names a metric; the default has no suffix.</summary>
    internal static void MeasureMethods(Figures figures, string key, IReadOnlyList<LabelledIncident> cases)
    {
        foreach (var method in RootCauseAnalysis.Methods)
        {
            var evaluation = Evaluation.Of(method, cases);
            var (accuracy, metric) = (evaluation.Service, evaluation.Metric);
            var suffix = method == RootCauseAnalysis.Methods[0] ? "" : "_" + method.Name;
            figures.Add($"{key}_ac1{suffix}", accuracy.At1, "", $"{method.Name}: cause first, {accuracy.Cases} cases");
            figures.Add($"{key}_avg5{suffix}", accuracy.Average5, "", $"{method.Name}: mean of AC@1 to AC@5, 95 % {accuracy.Low:0.00} to {accuracy.High:0.00}");
            if (metric.Cases == 0)
                continue;
            foreach (var (place, share) in new[] { (1, metric.At1), (3, metric.At3), (5, metric.At5) })
                figures.Add($"{key}_metric_ac{place}{suffix}", share, "", $"{method.Name}: the cause's own metric among the first {place} of all, {metric.Cases} cases");
        }
    }

    private static void MeasureOnsets(Figures figures, string key, IReadOnlyList<LabelledIncident> cases)
    {
        var method = RootCauseAnalysis.Methods[0];
        foreach (var (suffix, told, onset) in new (string, string, Func<double?, double?>)[]
            { ("late60", "told 60 s late", at => at + 60), ("early60", "told 60 s early", at => at - 60), ("untold", "not told", _ => null) })
        {
            var moved = cases.Select(labelled => labelled with { Incident = labelled.Incident with { Onset = onset(labelled.Incident.Onset) } }).ToArray();
            figures.Add($"{key}_avg5_{suffix}", Evaluation.Of(method, moved).Service.Average5, "", $"{method.Name}, onset {told}");
        }
    }

    private static void MeasurePlacebo(Figures figures, string key, IReadOnlyList<LabelledIncident> cases, int count)
    {
        var placebos = Placebo.From(cases, count, seed: 1);
        var accuracy = Evaluation.Of(RootCauseAnalysis.Methods[0], placebos).Service;
        figures.Add($"{key}_avg5_placebo", accuracy.Average5, "", $"windows without a fault, {accuracy.Cases} of them: what is above random is not evidence");
    }
}
