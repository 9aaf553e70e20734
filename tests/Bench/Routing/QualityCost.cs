using System.Globalization;
using Ops.Bench.Rca;
using Ops.Learning;

namespace Ops.Bench.Routing;

/// <summary>
/// The quality that each share of calls to the dearer model buys, on published outcomes of two models, choosing by the
/// task's table of qualities as a route does: tables from every other question, outcomes from the rest.
/// </summary>
internal static class QualityCost
{
    private readonly record struct Row(string Task, double Cheap, double Dear);

    /// <summary>Adds the area under the curve (RouterBench's AIQ over the share of dear calls) beside that of a blind mix.</summary>
    internal static void Run(BenchContext context, string plots)
    {
        var path = Path.GetFullPath(Path.Combine(RcaData.Root(), "..", "shared", "data", "quality", "routellm-outcomes-mixtral-vs-gpt4.csv"));
        if (!File.Exists(path))
        {
            context.Say($"{path} is not there: aiq is left out");
            return;
        }

        var rows = File.ReadLines(path).Skip(1).Select(Parse).ToList();
        var table = rows.Where((_, i) => i % 2 == 0).GroupBy(r => r.Task).ToDictionary(g => g.Key, g => g.Average(r => r.Dear) - g.Average(r => r.Cheap));
        // The dearest calls first where the table promises most; equal promises in the file's order.
        var test = rows.Where((_, i) => i % 2 == 1).OrderByDescending(r => table.GetValueOrDefault(r.Task)).ToList();
        var curve = new List<(double Share, double Quality)> { (0, test.Average(r => r.Cheap)) };
        var quality = test.Sum(r => r.Cheap);
        for (var i = 0; i < test.Count; i++)
        {
            quality += test[i].Dear - test[i].Cheap;
            curve.Add(((i + 1.0) / test.Count, quality / test.Count));
        }

        var area = curve.Zip(curve.Skip(1)).Sum(p => (p.Second.Share - p.First.Share) * (p.First.Quality + p.Second.Quality) / 2);
        context.Figures.Add("aiq", area, "", $"mean accuracy over all shares of calls to the dearer model, {test.Count} questions, choice by the task's table");
        context.Figures.Add("aiq_blind", (curve[0].Quality + curve[^1].Quality) / 2, "", "the same when the dearer model is called blindly");
        var chart = new LineChart("Quality by share of calls to the dearer model", "share", "accuracy");
        chart.Add("by task table", curve.Where((_, i) => i % 50 == 0));
        chart.Add("blind", [curve[0], curve[^1]]);
        chart.Write(Path.Combine(plots, "quality-cost.svg"));
    }

    // bench,subject,idx,mixtral_8x7b_ok,gpt4_1106_ok
    private static Row Parse(string line)
    {
        var fields = line.Split(',');
        return new Row($"{fields[0]}/{fields[1]}", Outcome(fields[^2]), Outcome(fields[^1]));
    }

    private static double Outcome(string field) =>
        bool.TryParse(field, out var ok) ? ok ? 1 : 0 : double.Parse(field, CultureInfo.InvariantCulture);
}
