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
    private static readonly ImmutableArray<(string Pool, string Model, int Gpus, double Quality)> Models =
    [
        ("llama-3-1-8b", "meta-llama/Llama-3.1-8B-Instruct", 1, 0.70), ("qwen3-14b", "Qwen/Qwen3-14B", 1, 0.81), ("qwen3-32b", "Qwen/Qwen3-32B", 2, 0.86),
    ];

    private static readonly (string Name, PolicySpec Spec, IPolicy Policy)[] Policies =
    [
        ("ladder", new() { Type = PolicyTypes.Ladder }, new LadderPolicy()),
        ("greedy", new() { Type = PolicyTypes.Greedy }, new GreedyPolicy()),
        ("price", new() { Type = PolicyTypes.Price }, new PricePolicy()),
        ("static", new() { Type = PolicyTypes.Static, StaticPool = Models[^1].Pool }, new StaticPolicy(Models[^1].Pool)),
    ];

    // 5 requests a second of trace time; four times as fast the largest model alone is beyond its limit.
    private const double Speedup = 4;

    /// <summary>Adds the figures.</summary>
    internal static async Task RunAsync(BenchContext context, RoutingInputs inputs, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("ops-bench-live-").FullName;
        var length = TimeSpan.FromSeconds(context.Quick ? 20 : 60);
        try
        {
            await using var fleet = await StartAsync(folder, cancellation);
            var scores = new List<(double Live, double Simulated)>();
            foreach (var (name, _, policy) in Policies)
            {
                var live = await LoadRun.RunAsync(Load(fleet, inputs.ConversationTrace, name, length), null, cancellation);
                scores.Add(Compare(context, name, live, Simulate(policy, inputs.ConversationTrace, length)));
            }

            var pairs = Enumerable.Range(0, scores.Count).SelectMany(a => Enumerable.Range(a + 1, scores.Count - a - 1).Select(b => (A: scores[a], B: scores[b]))).ToList();
            context.Figures.Add("live_order_agrees", pairs.Count(pair => (pair.A.Live - pair.B.Live) * (pair.A.Simulated - pair.B.Simulated) >= 0) / (double)pairs.Count, "", $"pairs of policies ({string.Join(", ", Policies.Select(policy => policy.Name))}) whose performance stands in the same order live and in simulation");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (double Live, double Simulated) Compare(BenchContext context, string policy, LoadReport live, RunResult simulated)
    {
        var (fleet, arrivals) = (Simulated(), simulated.Workload.Arrivals);
        var seen = simulated with
        {
            Outcomes = [.. live.Requests.Select(request => new Outcome(
                request.Answered ? OutcomeKind.Answered : request.Rejected ? OutcomeKind.Rejected : OutcomeKind.Failed,
                Models.Select(model => model.Pool).ToList().IndexOf(request.Variant ?? ""), request.FirstToken, request.EndToEnd))],
        };
        var (theirs, ours) = (Score.Of(seen, fleet, Objective.Default), Score.Of(simulated, fleet, Objective.Default));
        var said = new List<string>();
        foreach (var (key, unit, value) in Timings())
        {
            var ratio = value(seen.Outcomes) / value(simulated.Outcomes);
            context.Figures.Add($"live_{policy}_{key}_ratio", ratio, "x", $"{unit}, live over simulated, policy {policy}");
            said.Add(string.Create(CultureInfo.InvariantCulture, $"{key} {value(seen.Outcomes):0.000}/{value(simulated.Outcomes):0.000}"));
        }

        if (live.Joules is { } joules)
            context.Figures.Add($"live_{policy}_joules_ratio", joules / simulated.Joules, "x", $"joules of the fleet, live over simulated, policy {policy}");
        context.Figures.Add($"live_{policy}_performance", theirs.Performance, "", $"quality delivered over peak through the real router, policy {policy}");
        context.Figures.Add($"simulated_{policy}_performance", ours.Performance, "", "the same in simulation");
        context.Say(string.Create(CultureInfo.InvariantCulture, $"{policy}, live/simulated: performance {theirs.Performance:0.000}/{ours.Performance:0.000}, {string.Join(", ", said)} s, {live.Failed} failed, generator late by {live.GeneratorLag.P99 * 1000:0} ms at p99"));
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

    private static RunResult Simulate(IPolicy policy, Trace trace, TimeSpan length)
    {
        var arrivals = trace.Requests.Select(request => new Arrival(request.Arrival.TotalSeconds / Speedup, request.ContextTokens, request.GeneratedTokens, 0)).TakeWhile(arrival => arrival.At <= length.TotalSeconds);
        return new Simulation(Simulated(), policy, new Workload(trace.Name, [.. arrivals]), new SimulationOptions { ClientsLimitOutput = true }).Run();
    }

    private static SimulatedFleet Simulated()
    {
        var (pools, gpu) = (ImmutableArray.CreateBuilder<SimulatedPool>(), 0);
        foreach (var (pool, model, gpus, quality) in Models)
        {
            pools.Add(new SimulatedPool { Name = pool, Profile = ServingProfiles.Get(model, GpuProduct.H100.Name, gpus), Quality = [quality], Placement = SimulatedPool.Apart(1, gpus, gpu) });
            gpu += gpus;
        }

        return new SimulatedFleet(pools.ToImmutable(), [RouteSnapshot.DefaultTask]);
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

    private static async Task<LiveFleet> StartAsync(string folder, CancellationToken cancellation)
    {
        var fleet = new LiveFleet(await RouterFleet.StartAsync(Directory.CreateDirectory(Path.Combine(folder, "router")).FullName, cancellation));
        try
        {
            foreach (var (pool, model, gpus, _) in Models)
            {
                var address = new IPEndPoint(IPAddress.Loopback, RouterFleet.FreePort());
                fleet.Servers.Add(ChildProcess.Start(
                    Repository.Executable("Ops.Sandbox.ModelServer"),
                    ["--model", model, "--urls", $"http://{address}", "--tensor-parallel-size", $"{gpus}", "--load-seconds", "0"], Path.Combine(folder, $"{pool}.log")));
                fleet.Router.CreatePool(pool, model, gpus, address);
            }

            foreach (var (name, policy, _) in Policies)
                fleet.Router.CreateRoute(name, new ModelRouteSpec { Policy = policy, Variants = [.. Models.Select(model => new VariantSpec { Pool = model.Pool, Quality = new Dictionary<string, double> { ["default"] = model.Quality } })] });
            await fleet.Router.StartRouterAsync(new Dictionary<string, string?>(), cancellation);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Router and model servers as processes.</summary>
    private sealed class LiveFleet(RouterFleet router) : IAsyncDisposable
    {
        internal RouterFleet Router => router;

        internal List<ChildProcess> Servers { get; } = [];

        public async ValueTask DisposeAsync()
        {
            await router.DisposeAsync();
            foreach (var server in Servers)
                await server.DisposeAsync();
        }
    }
}
