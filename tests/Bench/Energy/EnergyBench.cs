using System.Collections.Immutable;
using Ops.Learning;
using Ops.Operator.Energy;
using Ops.Picking;
using Ops.Profiles;
using Ops.Traces;

namespace Ops.Bench.Energy;

/// <summary>
/// Joules by good request of the operator's planner against a performance-first fleet: the largest model on every GPU at
/// full clock, sized for the day's peak. Simulated; the clock table is the profiles' assumption.
/// </summary>
internal sealed class EnergyBench : IBench
{
    // The declared table of the routing bench, task "default"; 36 GPUs are placed so that any mix fits, 16 exist.
    private static readonly (string Name, string Model, int Gpus, int Replicas, double Quality)[] Rungs =
    [
        ("70b", "meta-llama/Llama-3.1-70B-Instruct", 4, 4, 0.88),
        ("32b", "Qwen/Qwen3-32B", 2, 6, 0.84),
        ("14b", "Qwen/Qwen3-14B", 1, 4, 0.79),
        ("8b", "meta-llama/Llama-3.1-8B-Instruct", 1, 4, 0.70),
    ];

    // A mixture of experts beside them: of 30 billion parameters 3.3 work on a token, so its prompts cost a twentieth of the
    // 70B's. Declared below what its card claims, since a reader may doubt cards: MMLU-Pro 78.4
    // (huggingface.co/Qwen/Qwen3-30B-A3B-Instruct-2507) against 66.4 of the 70B (CoT; models/llama3_1/MODEL_CARD.md of
    // github.com/meta-llama/llama-models). The qualities themselves are declared, not cited.
    private static readonly (string Name, string Model, int Gpus, int Replicas, double Quality) Sparse = ("30b-a3b", "Qwen/Qwen3-30B-A3B-Instruct-2507", 2, 4, 0.86);

    private const string DaysPart = "days";
    private const string ClocksPart = "clocks";
    private const int Gpus = 16;

    // Of a GPU that sleeps or has no pod. On one H100 it was 73 without a process, and as much as idle with one that slept.
    private const double DownWatts = 70;

    // How full the performance-first fleet is planned at noon, and night against noon, as in published diurnal traces.
    private const double NoonFill = 0.6;
    private const double NightShare = 0.15;

    // Chosen by hand on the quick run's two hours, which begin in the middle of the trace. A day repeats the trace, which
    // lasts an hour, so days that begin elsewhere are not fresh data either.
    private const double QualityFloor = 0.983;
    private const double EnergyWeight = 0.0001;

    /// <inheritdoc/>
    public string Name => "energy";

    /// <inheritdoc/>
    public string Summary => "Joules of the fleet planner against a performance-first fleet, on simulated days of real traces";

    /// <inheritdoc/>
    public Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var path = Path.GetFullPath(Path.Combine(Testing.Repository.Root, "..", "shared", "data", "traces", "azure-llm-2023-conv.csv"));
        if (!File.Exists(path))
            throw new BenchCannotRunException($"the trace {path} is not there; see the NOTICE beside the shared data for where it comes from");
        var trace = TraceFile.Load(path);
        var (seconds, starts) = context.Quick ? (2 * 3600.0, 1) : (24 * 3600.0, 3);
        if (context.Part is not (null or DaysPart or ClocksPart))
            throw new BenchCannotRunException($"there is no part '{context.Part}': {DaysPart}, {ClocksPart}");
        // Seven more runs of a day, so in the quick form only when asked for.
        if (context.Part == ClocksPart || (context.Part is null && !context.Quick))
            SweepClocks(context, trace, seconds);
        if (context.Part == ClocksPart)
            return Task.CompletedTask;
        var days = new List<Day>();
        for (var start = 1; start <= starts; start++)
        {
            cancellation.ThrowIfCancellationRequested();
            days.Add(Measure(context, trace, seconds, (double)start / (starts + 1)));
        }

        Report(context.Figures, days);
        return Task.CompletedTask;
    }

    /// <summary>What the clocks save when the assumed table is 30 % off, one figure of it at a time.</summary>
    private static void SweepClocks(BenchContext context, Trace trace, double seconds)
    {
        (string Name, Func<GpuProduct, GpuProduct> Change)[] tables =
        [
            ("as_assumed", gpu => gpu),
            ("decode_power_less", gpu => gpu with { DecodeClockPowerShare = gpu.DecodeClockPowerShare * 0.7 }),
            ("decode_power_more", gpu => gpu with { DecodeClockPowerShare = gpu.DecodeClockPowerShare * 1.3 }),
            ("decode_time_less", gpu => gpu with { DecodeClockSensitivity = gpu.DecodeClockSensitivity * 0.7 }),
            ("decode_time_more", gpu => gpu with { DecodeClockSensitivity = gpu.DecodeClockSensitivity * 1.3 }),
            ("prefill_power_less", gpu => gpu with { PrefillClockPowerShare = gpu.PrefillClockPowerShare * 0.7 }),
            ("prefill_power_more", gpu => gpu with { PrefillClockPowerShare = gpu.PrefillClockPowerShare * 1.3 }),
        ];
        var (shape, noon, day) = DayOf(trace, seconds, 0.5);
        var floor = QualityFloor * Rungs[0].Quality;
        var slept = Run(context, "full clocks", Fleet(Rungs), new PricePolicy(EnergyWeight), new(true, false, floor), day, shape, noon);
        var saved = new List<double>();
        foreach (var (name, change) in tables)
        {
            var fleet = Fleet(Rungs);
            var changed = fleet with { Pools = [.. fleet.Pools.Select(pool => pool with { Profile = pool.Profile with { Gpu = change(pool.Profile.Gpu) } })] };
            var arm = Run(context, $"clocks, {name}", changed, new PricePolicy(EnergyWeight), new(true, true, floor), day, shape, noon);
            saved.Add(100 * (1 - (arm.PerGood(DownWatts) / slept.PerGood(DownWatts))));
            context.Figures.Add($"clocks_saved_{name}_pct", saved[^1], "%", $"fewer joules by good request than at full clocks, clock table {name}, 30 % off");
            context.Figures.Add($"clocks_performance_{name}", arm.Score.Performance, "", "performance of that run");
        }

        context.Figures.Add("clocks_saved_least_pct", saved.Min(), "%", "the least of them: what survives");
    }

    private static (RequestShape Shape, double Noon, Workload Day) DayOf(Trace trace, double seconds, double start)
    {
        var shape = new RequestShape(
            trace.Requests.Average(request => request.ContextTokens), trace.Requests.Average(request => request.GeneratedTokens), Objective.Default.TimeToFirstToken, Objective.Default.TimePerOutputToken);
        var largest = Fleet(Rungs[0]);
        var each = SteadyState.Capacity(largest.Pools[0].Profile, largest.Pools[0].Profile.Gpu.Default, shape.PromptTokens, shape.OutputTokens, shape.SecondsToFirstToken, shape.SecondsPerToken);
        var noon = Rungs[0].Replicas * each * NoonFill;
        return (shape, noon, DayOfTrace.Of(trace, NightShare * noon, noon, seconds, start));
    }

    private static Day Measure(BenchContext context, Trace trace, double seconds, double start)
    {
        var (shape, noon, day) = DayOf(trace, seconds, start);
        var largest = Fleet(Rungs[0]);
        context.Say($"{day.Name}: {day.Arrivals.Length:N0} requests from {start:0.00} of the trace");
        var all = Fleet(Rungs);
        var floor = QualityFloor * Rungs[0].Quality;
        return new(
            Run(context, "performance first", largest, new StaticPolicy("70b"), null, day, shape, noon),
            Run(context, "largest model, all energy knobs", largest, new StaticPolicy("70b"), new(true, true), day, shape, noon),
            Run(context, "choice", all, new PricePolicy(EnergyWeight), new(false, false, floor), day, shape, noon),
            Run(context, "choice, consolidation by cold starts", all, new PricePolicy(EnergyWeight), new(true, false, floor, Sleeps: false), day, shape, noon),
            Run(context, "choice, consolidation by sleep", all, new PricePolicy(EnergyWeight), new(true, false, floor), day, shape, noon),
            Run(context, "choice, consolidation by sleep, clocks", all, new PricePolicy(EnergyWeight), new(true, true, floor), day, shape, noon),
            Run(context, "all knobs, with a sparse model", Fleet([.. Rungs, Sparse]), new PricePolicy(EnergyWeight), new(true, true, floor), day, shape, noon),
            // What is left if it is no better than the 32B.
            Run(context, "the same at a quality of .84", Fleet([.. Rungs, Sparse with { Quality = 0.84 }]), new PricePolicy(EnergyWeight), new(true, true, floor), day, shape, noon));
    }

    private static Arm Run(BenchContext context, string name, SimulatedFleet fleet, IPolicy policy, Knobs? knobs, Workload day, RequestShape shape, double noon)
    {
        var control = knobs is null ? null : new PlannedFleet(fleet, knobs, shape, noon);
        var asleep = control is null
            ? ImmutableDictionary<(int, int), ReplicaStatus>.Empty
            : fleet.Pools.SelectMany((pool, p) => Enumerable.Range(0, pool.Placement.Length).Where(r => r >= control.AtStart[p]).Select(r => (p, r)))
                .ToImmutableDictionary(replica => replica, _ => control.Down);
        // What sleeps or is off is counted afterwards, over the GPUs that exist.
        var run = new Simulation(fleet, policy, day, new() { Control = control, SleepWatts = 0, Initially = asleep }).Run();
        var score = Score.Of(run, fleet, Objective.Default);
        var down = control is null ? 0 : (Math.Max(Gpus, control.MostAwakeGpus) * run.Seconds) - control.AwakeGpuSeconds;
        var arm = new Arm(score, run.Joules, Math.Max(0, down), control?.MostAwakeGpus ?? Gpus, score.Attainment * day.Arrivals.Length);
        context.Say($"  {name,-38} {arm.PerGood(DownWatts),6:0} J/good  performance {score.Performance:0.0000}  attainment {score.Attainment:0.0000}  rejected {score.Rejected:0.0000}  "
            + $"most GPUs {arm.MostGpus}  shares {string.Join(' ', score.Shares.Select(share => $"{share:0.00}"))}");
        return arm;
    }

    private static SimulatedFleet Fleet(params (string Name, string Model, int Gpus, int Replicas, double Quality)[] rungs)
    {
        var pools = ImmutableArray.CreateBuilder<SimulatedPool>();
        var gpu = 0;
        foreach (var (name, model, gpus, replicas, quality) in rungs)
        {
            pools.Add(new()
            {
                Name = name,
                Profile = ServingProfiles.Get(model, GpuProduct.H100.Name, gpus),
                Quality = [quality],
                Placement = SimulatedPool.Apart(replicas, gpus, gpu),
            });
            gpu += gpus * replicas;
        }

        return new(pools.ToImmutable(), ["default"]);
    }

    private static void Report(Figures figures, List<Day> days)
    {
        foreach (var watts in (double[])[GpuProduct.H100.SleepWatts, DownWatts, 20, 0])
        {
            var suffix = watts == DownWatts ? "" : $"_idle{watts:0}";
            var told = $"a GPU that sleeps or has no pod draws {watts:0} W";
            figures.Add($"joules_saved_pct{suffix}", Mean(day => Saved(day, day.All, watts)), "%", $"fewer joules by good request than performance first; {told}");
            figures.Add($"joules_saved_no_loss_pct{suffix}", Mean(day => Saved(day, day.Largest, watts)), "%", $"the same with the largest model only; {told}");
            figures.Add($"joules_saved_sparse_pct{suffix}", Mean(day => Saved(day, day.Sparse, watts)), "%", $"the same with a mixture of experts among the models; {told}");
            figures.Add($"joules_saved_sparse84_pct{suffix}", Mean(day => Saved(day, day.SparseAsBig, watts)), "%", $"the same if it answers no better than the 32B; {told}");
            figures.Add($"by_choice_pct{suffix}", Mean(day => Saved(day, day.Choice, watts)), "%", "of it by smaller models where quality allows, fleet sized for noon");
            figures.Add($"by_consolidation_pct{suffix}", Mean(day => Saved(day, day.Stopped, watts) - Saved(day, day.Choice, watts)), "%", "of it by fewer, fuller replicas, whose pods end and come back by a cold start");
            figures.Add($"by_sleep_pct{suffix}", Mean(day => Saved(day, day.Slept, watts) - Saved(day, day.Stopped, watts)), "%", "of it by weights that sleep in host memory instead");
            figures.Add($"by_clock_pct{suffix}", Mean(day => Saved(day, day.All, watts) - Saved(day, day.Slept, watts)), "%", "of it by lower clocks (an assumed table)");
        }

        figures.Add("performance", Mean(day => day.All.Score.Performance), "", "quality delivered over that of the largest model with infinite capacity");
        figures.Add("sparse_performance", Mean(day => day.Sparse.Score.Performance), "", "the same, with a mixture of experts among the models");
        figures.Add("sparse_slo_attainment", Mean(day => day.Sparse.Score.Attainment), "", "its requests within TTFT 1 s, TPOT 100 ms, end to end 30 s");
        figures.Add("sparse84_performance", Mean(day => day.SparseAsBig.Score.Performance), "", "performance if it answers no better than the 32B");
        figures.Add("baseline_performance", Mean(day => day.First.Score.Performance), "", "the same, performance first");
        figures.Add("no_loss_performance", Mean(day => day.Largest.Score.Performance), "", "the same, largest model with energy knobs");
        figures.Add("slo_attainment", Mean(day => day.All.Score.Attainment), "", "requests within TTFT 1 s, TPOT 100 ms, end to end 30 s");
        figures.Add("no_loss_slo_attainment", Mean(day => day.Largest.Score.Attainment), "", "the same, largest model with energy knobs");
        figures.Add("baseline_slo_attainment", Mean(day => day.First.Score.Attainment), "", "the same, performance first");
        figures.Add("cold_start_performance", Mean(day => day.Stopped.Score.Performance), "", "performance with choice and consolidation by cold starts");
        figures.Add("cold_start_slo_attainment", Mean(day => day.Stopped.Score.Attainment), "", "its requests within TTFT 1 s, TPOT 100 ms, end to end 30 s");
        figures.Add("sleep_performance", Mean(day => day.Slept.Score.Performance), "", "performance with choice and consolidation by sleep");
        figures.Add("sleep_slo_attainment", Mean(day => day.Slept.Score.Attainment), "", "its requests within TTFT 1 s, TPOT 100 ms, end to end 30 s");
        figures.Add("most_gpus", days.Max(day => day.All.MostGpus), "", "GPUs under power at the busiest moment; performance first has 16");
        figures.Add("days", days.Count, "", "simulated days, each from another part of the trace");

        double Mean(Func<Day, double> figure) => days.Average(figure);
        static double Saved(Day day, Arm arm, double watts) => 100 * (1 - (arm.PerGood(watts) / day.First.PerGood(watts)));
    }

    /// <summary>The arms of one day.</summary>
    private sealed record Day(Arm First, Arm Largest, Arm Choice, Arm Stopped, Arm Slept, Arm All, Arm Sparse, Arm SparseAsBig);

    /// <summary>One run.</summary>
    private sealed record Arm(Score Score, double Joules, double DownGpuSeconds, int MostGpus, double Good)
    {
        public double PerGood(double sleepWatts) => (Joules + (DownGpuSeconds * sleepWatts)) / Good;
    }
}
