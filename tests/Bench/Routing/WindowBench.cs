using Ops.Learning;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>How often a window comes near the peak, as a curve over the rate, and performance by GPU.</summary>
internal static class WindowBench
{
    // Peak is the largest model's answer in all of them, since all fleets have it.
    private static readonly Arm Open = new("2 x 70B, static, nothing shed", BenchFleets.TwoLargest, new StaticPolicy("70b")) { Admission = false };
    // The one of these that suits it best is compared with.
    private static readonly Arm[] Admitting =
        [.. new[] { -0.1, -0.3, -1, -3 }.Select(least => new Arm($"2 x 70B, static, admission from {least}", BenchFleets.TwoLargest, new Admitting(new StaticPolicy("70b"), least)))];
    private static readonly Arm Ours = new("co-resident 20B-A3.6B and 70B, ladder", BenchFleets.CoResidentFast, new LadderPolicy());

    private static readonly Arm[] Others =
    [
        new("co-resident 20B-A3.6B and 70B, price", BenchFleets.CoResidentFast, new PricePolicy()),
        new("co-resident 8B and 70B, ladder", BenchFleets.CoResident, new LadderPolicy()),
        new("co-resident 8B and 70B, price", BenchFleets.CoResident, new PricePolicy()),
    ];

    internal static void Run(BenchContext context, RoutingInputs inputs, string plots)
    {
        var seconds = context.Quick ? 200 : 600;
        var seeds = context.Quick ? 3 : 10;
        double[] rates = context.Quick ? [2, 6, 12] : [1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 30, 40];
        Windows(context, inputs, plots, rates, seconds, seeds);
        PerGpu(context, inputs, seconds, seeds);
    }

    private static void Windows(BenchContext context, RoutingInputs inputs, string plots, double[] rates, double seconds, int seeds)
    {
        Arm[] arms = [Open, .. Admitting, Ours, .. Others];
        var scores = arms.ToDictionary(arm => arm, arm => rates.ToDictionary(rate => rate, rate =>
            Enumerable.Range(0, seeds).Select(seed => arm.Run(inputs.Code(rate, seconds, seed), RoutingInputs.Completion)).ToList()));
        foreach (var level in (double[])[0.96, 0.98])
        {
            double Above(Arm arm, double rate) => scores[arm][rate].Average(score => score.WindowsAbove(level));
            var percent = (int)(100 * level);
            foreach (var arm in arms)
                context.Say($"{arm.Name}: share of windows above {percent} % of peak {string.Join(", ", rates.Select(rate => $"{Above(arm, rate):0.000} at {rate:0}/s"))}");
            var bound = Enumerable.Range(0, seeds).Average(seed => FromIdle(inputs.Code(6, seconds, seed), level));
            context.Figures.Add($"above{percent}_bound", bound, "", $"share of windows in which 2 x 70B get above {percent} % from idle, with nothing left over from the window before");
            var (ours, theirs, admitted) = (Above(Ours, 6), Above(Open, 6), Admitting.Max(arm => Above(arm, 6)));
            context.Figures.Add($"above{percent}_share", ours, "", $"Azure code at 6/s: share of 10 s windows above {percent} % of peak, {Ours.Name}");
            context.Figures.Add($"above{percent}_ratio_vs_best_static", ours / theirs, "x", $"the same over 2 x 70B without shedding ({theirs:0.000}; the bound is {bound / theirs:0.0} x)");
            context.Figures.Add($"above{percent}_ratio_vs_admitting_static", ours / admitted, "x", $"the same over 2 x 70B with the admission that suits it best ({admitted:0.000}; the bound is {bound / admitted:0.0} x)");
            var chart = new LineChart($"Windows above {percent} % of peak on Azure code gaps (simulated)", "requests a second", "share of 10 s windows");
            foreach (var arm in arms)
                chart.Add(arm.Name, rates.Select(rate => (rate, Above(arm, rate))));
            chart.Write(Path.Combine(plots, $"windows-above-{percent}.svg"));
        }
    }

    // Only the largest model's answers reach these levels, so what its replicas cannot serve from idle nobody can.
    private static double FromIdle(Workload workload, double level)
    {
        var windows = workload.Arrivals.GroupBy(arrival => (int)(arrival.At / Score.WindowSeconds))
            .Select(window => new Workload(workload.Name, [.. window.Select(arrival => arrival with { At = arrival.At - (window.Key * Score.WindowSeconds) })]))
            .ToList();
        return windows.Average(window => Open.Run(window, RoutingInputs.Completion).Performance > level ? 1.0 : 0.0);
    }

    private static void PerGpu(BenchContext context, RoutingInputs inputs, double seconds, int seeds)
    {
        double[] rates = context.Quick ? [16] : [8, 16, 24, 32];
        foreach (var rate in rates)
        {
            var (half, dense, whole) = (
                Performance(new("4 GPUs", BenchFleets.HalfCoResidentFast, new LadderPolicy())),
                Performance(new("4 GPUs", BenchFleets.HalfCoResident, new LadderPolicy())), Performance(Open));
            context.Say($"Azure conv at {rate:0}/s: performance {half:0.000} (20B-A3.6B and 70B on 4 GPUs), {dense:0.000} (8B and 70B on 4), {whole:0.000} (2 x 70B static on 8)");
            if (rate != 16)
                continue;
            context.Figures.Add("per_gpu_ratio", half / 4 / (whole / 8), "x", $"Azure conv at 16/s: performance by GPU, 4 with co-resident 20B-A3.6B and 70B ({half:0.000}) over 8 with 2 x 70B static ({whole:0.000})");
            context.Figures.Add("per_gpu_ratio_dense", dense / 4 / (whole / 8), "x", $"the same with co-resident 8B and 70B ({dense:0.000})");
            context.Figures.Add("per_gpu_ratio_bound", 1 / 4.0 / (whole / 8), "x", "the same if the 4 GPUs reached the peak");

            double Performance(Arm arm) => Enumerable.Range(0, seeds).Average(seed => arm.Run(inputs.Conversation(rate, seconds, seed), RoutingInputs.Chat).Performance);
        }
    }
}
