using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Ops.Api;
using Ops.Learning;
using Ops.Load;
using Ops.Picking;
using Ops.Profiles;
using Ops.Testing;
using Ops.Traces;

namespace Ops.Bench.Routing;

/// <summary>
/// The same minute of the conversation trace twice: through the real router to simulated model servers in real time, and
/// in simulation. Whether both tell the same, and whether policies come out in the same order.
/// </summary>
internal static class LiveBench
{
    // Three sizes on GPUs of their own, and two sizes on the same two GPUs: an engine of the small one on each.
    private static readonly LiveSetting Apart = new("live", [new("llama-3-1-8b", "meta-llama/Llama-3.1-8B-Instruct", 1, 0.70), new("qwen3-14b", "Qwen/Qwen3-14B", 1, 0.81), new("qwen3-32b", "Qwen/Qwen3-32B", 2, 0.86)]);
    private static readonly LiveSetting Shared = new("live_shared", [new("llama-3-1-8b", "meta-llama/Llama-3.1-8B-Instruct", 1, 0.70) { MemoryPercent = 40 }, new("qwen3-32b", "Qwen/Qwen3-32B", 2, 0.86)]);

    private static readonly (string Name, PolicySpec Spec, IPolicy Policy)[] Policies =
    [
        ("ladder", new() { Type = PolicyTypes.Ladder }, new LadderPolicy()),
        ("greedy", new() { Type = PolicyTypes.Greedy }, new GreedyPolicy()),
        ("price", new() { Type = PolicyTypes.Price }, new PricePolicy()),
        ("static", new() { Type = PolicyTypes.Static, StaticPool = Largest }, new StaticPolicy(Largest)),
    ];

    private const string Largest = "qwen3-32b";

    // 5 requests a second of trace time; four times as fast the largest model alone is beyond its limit.
    private const double Speedup = 4;

    /// <summary>Adds the figures of both settings.</summary>
    internal static async Task RunAsync(BenchContext context, RoutingInputs inputs, CancellationToken cancellation)
    {
        await RunAsync(context, inputs, Apart, cancellation);
        await RunAsync(context, inputs, Shared, cancellation);
    }

    private static async Task RunAsync(BenchContext context, RoutingInputs inputs, LiveSetting setting, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("ops-bench-live-").FullName;
        var length = TimeSpan.FromSeconds(context.Quick ? 20 : 60);
        try
        {
            await using var fleet = await LiveFleet.StartAsync(folder, setting, [.. Policies.Select(policy => (policy.Name, policy.Spec))], cancellation);
            var scores = new List<(double Live, double Simulated)>();
            // An overloaded static route shows the router's queue, which the simulation lacks; once is enough.
            var policies = Policies.Where(policy => setting == Apart || policy.Spec.Type != PolicyTypes.Static).ToList();
            foreach (var (name, _, policy) in policies)
            {
                var live = await LoadRun.RunAsync(Load(fleet, inputs.ConversationTrace, name, length), null, cancellation);
                scores.Add(Compare(context, setting, name, live, Simulate(setting, policy, inputs.ConversationTrace, length)));
            }

            var pairs = Enumerable.Range(0, scores.Count).SelectMany(a => Enumerable.Range(a + 1, scores.Count - a - 1).Select(b => (A: scores[a], B: scores[b]))).ToList();
            context.Figures.Add($"{setting.Key}_order_agrees", pairs.Count(pair => (pair.A.Live - pair.B.Live) * (pair.A.Simulated - pair.B.Simulated) >= 0) / (double)pairs.Count, "", $"pairs of policies ({string.Join(", ", policies.Select(policy => policy.Name))}) whose performance stands in the same order live and in simulation");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (double Live, double Simulated) Compare(BenchContext context, LiveSetting setting, string policy, LoadReport live, RunResult simulated)
    {
        var (fleet, arrivals) = (setting.Simulated(), simulated.Workload.Arrivals);
        var seen = simulated with
        {
            Outcomes = [.. live.Requests.Select(request => new Outcome(
                request.Answered ? OutcomeKind.Answered : request.Rejected ? OutcomeKind.Rejected : OutcomeKind.Failed,
                setting.Models.Select(model => model.Pool).ToList().IndexOf(request.Variant ?? ""), request.FirstToken, request.EndToEnd))],
        };
        var (theirs, ours) = (Score.Of(seen, fleet, Objective.Default), Score.Of(simulated, fleet, Objective.Default));
        var said = new List<string>();
        foreach (var (key, unit, value) in Timings())
        {
            var ratio = value(seen.Outcomes) / value(simulated.Outcomes);
            context.Figures.Add($"{setting.Key}_{policy}_{key}_ratio", ratio, "x", $"{unit}, live over simulated, policy {policy}");
            said.Add(string.Create(CultureInfo.InvariantCulture, $"{key} {value(seen.Outcomes):0.000}/{value(simulated.Outcomes):0.000}"));
        }

        if (live.Joules is { } joules)
            context.Figures.Add($"{setting.Key}_{policy}_joules_ratio", joules / simulated.Joules, "x", $"joules of the fleet, live over simulated, policy {policy}");
        context.Figures.Add($"{setting.Key}_{policy}_performance", theirs.Performance, "", $"quality delivered over peak through the real router, policy {policy}");
        context.Figures.Add($"{setting.SimulatedKey}_{policy}_performance", ours.Performance, "", "the same in simulation");
        context.Say(string.Create(CultureInfo.InvariantCulture, $"{setting.Key}, {policy}, live/simulated: performance {theirs.Performance:0.000}/{ours.Performance:0.000}, {string.Join(", ", said)} s, {live.Failed} failed, generator late by {live.GeneratorLag.P99 * 1000:0} ms at p99"));
        return (theirs.Performance, ours.Performance);

        IEnumerable<(string Key, string Meaning, Func<ImmutableArray<Outcome>, double> Value)> Timings() =>
        [
            ("ttft_p50", "median time to the first token", outcomes => Quantile(outcomes, (outcome, _) => outcome.FirstToken, 0.5)),
            ("ttft_p95", "p95 of the time to the first token", outcomes => Quantile(outcomes, (outcome, _) => outcome.FirstToken, 0.95)),
            ("tpot_p50", "median time by output token", outcomes => Quantile(outcomes, PerToken, 0.5)),
            ("tpot_p95", "p95 of the time by output token", outcomes => Quantile(outcomes, PerToken, 0.95)),
        ];

        double PerToken(Outcome outcome, int request) => (outcome.Completion - outcome.FirstToken) / (arrivals[request].OutputTokens - 1);

        double Quantile(ImmutableArray<Outcome> outcomes, Func<Outcome, int, double> value, double q)
        {
            var sorted = outcomes.Select((outcome, i) => (outcome, i)).Where(one => one.outcome.Kind == OutcomeKind.Answered && arrivals[one.i].OutputTokens > 1)
                .Select(one => value(one.outcome, one.i)).Order().ToList();
            return sorted.Count == 0 ? double.NaN : sorted[(int)(q * (sorted.Count - 1))];
        }
    }

    private static RunResult Simulate(LiveSetting setting, IPolicy policy, Trace trace, TimeSpan length)
    {
        var arrivals = trace.Requests.Select(request => new Arrival(request.Arrival.TotalSeconds / Speedup, request.ContextTokens, request.GeneratedTokens, 0)).TakeWhile(arrival => arrival.At <= length.TotalSeconds);
        return new Simulation(setting.Simulated(), policy, new Workload(trace.Name, [.. arrivals]), new SimulationOptions { ClientsLimitOutput = true }).Run();
    }

    private static LoadOptions Load(LiveFleet fleet, Trace trace, string route, TimeSpan length) => new()
    {
        Target = new Uri($"http://{fleet.Router.Address}"),
        ApiKey = RouterFleet.ApiKey,
        Model = route,
        Trace = trace,
        Speedup = Speedup,
        For = length,
    };
}
