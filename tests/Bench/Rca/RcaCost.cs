using System.Diagnostics;
using Ops.Rca;

namespace Ops.Bench.Rca;

/// <summary>What one analysis costs, by the number of metrics.</summary>
internal static class RcaCost
{
    private const int Rows = 600;

    /// <summary>Times 40 metrics by 600 samples and fits the growth from 50 to 1,000 metrics.</summary>
    public static void Measure(BenchContext context)
    {
        context.Figures.Add("default_s_per_case", Seconds(40, Rows, told: true), "s", "40 metrics x 600 samples, onset told, one core, median of 5");
        context.Figures.Add("default_s_per_case_untold", Seconds(40, Rows, told: false), "s", "the same with the onset to be found");
        context.Figures.Add("neural_s_per_case", Seconds(40, Rows, told: true, new ShiftWalk { Temporal = new NeuralGranger() }), "s", "40 metrics x 600 samples, all of them moved, by neural-walk");
        context.Figures.Add("granger_s_per_case", Seconds(40, Rows, told: true, new ShiftWalk { Temporal = new LinearGranger() }), "s", "the same by granger-walk");
        var costs = new List<(double Size, double Seconds)>();
        foreach (var metrics in new[] { 50, 100, 250, 500, 1000 })
        {
            costs.Add((metrics, Seconds(metrics, 240, told: false)));
            context.Figures.Add($"s_{metrics}", costs[^1].Seconds, "s", $"{metrics} metrics x 240 samples, onset to be found");
        }

        context.Figures.Add("cost_exponent", Exponent(costs), "", "slope of log seconds over log metrics: 1 is linear");
    }

    private static double Seconds(int metrics, int rows, bool told, IMethod? method = null)
    {
        var incident = Random(metrics, rows, moved: method is null ? 1 : metrics);
        if (!told)
            incident = incident with { Onset = null };
        // The first runs compile; five after them are timed.
        var times = new List<double>();
        for (var run = 0; run < 8; run++)
        {
            var watch = Stopwatch.StartNew();
            RootCauseAnalysis.Run(incident, method);
            times.Add(watch.Elapsed.TotalSeconds);
        }

        return times.Skip(3).Order().ElementAt(2);
    }

    // Five metrics a service, each service called by an earlier one: the shape counts here, not the values.
    private static Incident Random(int metrics, int rows, int moved)
    {
        var random = new Random(metrics);
        var services = Math.Max(2, metrics / 5);
        string[] names = ["cpu", "mem", "latency", "error", "workload"];
        return new Incident
        {
            Name = $"{metrics} metrics",
            Observed = new MetricTable(
                [.. Enumerable.Range(0, rows).Select(row => (double)row)],
                [.. Enumerable.Range(0, metrics).Select(m => new Metric($"s{m / 5}", names[m % 5], MetricKinds.FromName(names[m % 5])))],
                [.. Enumerable.Range(0, metrics).Select(m => Enumerable.Range(0, rows).Select(row => random.NextDouble() + (m < moved && row >= rows / 2 ? 5 : 0)).ToArray())]),
            Calls = [.. Enumerable.Range(1, services - 1).Select(service => new CallEdge($"s{random.Next(service)}", $"s{service}")).Where(edge => services > 2)],
            Onset = rows / 2,
        };
    }

    private static double Exponent(List<(double Size, double Seconds)> costs)
    {
        var points = costs.Select(cost => (X: Math.Log(cost.Size), Y: Math.Log(cost.Seconds))).ToList();
        var (mx, my) = (points.Average(point => point.X), points.Average(point => point.Y));
        return points.Sum(point => (point.X - mx) * (point.Y - my)) / points.Sum(point => (point.X - mx) * (point.X - mx));
    }
}
