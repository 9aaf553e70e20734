using Ops.Api;
using Ops.Load;
using Ops.Picking;
using Ops.Testing;
using Ops.Traces;

namespace Ops.Bench.Routing;

/// <summary>
/// The same minute of the conversation trace twice: through the real router to simulated model servers in real time, and
/// in simulation. Whether both tell the same, and whether policies come out in the same order.
/// </summary>
internal static class LiveBench
{
    // Three sizes on GPUs of their own, and two sizes on the same two GPUs: an engine of the small one on each. The trace brings
    // 5 requests a second. Four times as fast the largest model alone is beyond its limit; on the shared GPUs 2.5 times as fast
    // is where both sizes are needed and everything is still served.
    private static readonly LiveSetting Apart = new("live", 4, [new("llama-3-1-8b", "meta-llama/Llama-3.1-8B-Instruct", 1, 0.70), new("qwen3-14b", "Qwen/Qwen3-14B", 1, 0.81), new("qwen3-32b", "Qwen/Qwen3-32B", 2, 0.86)]);
    private static readonly LiveSetting Shared = new("live_shared", 2.5, [new("llama-3-1-8b", "meta-llama/Llama-3.1-8B-Instruct", 1, 0.70) { MemoryPercent = 40 }, new("qwen3-32b", "Qwen/Qwen3-32B", 2, 0.86)]);

    private static readonly (string Name, PolicySpec Spec, IPolicy Policy)[] Policies =
    [
        ("ladder", new() { Type = PolicyTypes.Ladder }, new LadderPolicy()),
        ("greedy", new() { Type = PolicyTypes.Greedy }, new GreedyPolicy()),
        ("price", new() { Type = PolicyTypes.Price }, new PricePolicy()),
        ("static", new() { Type = PolicyTypes.Static, StaticPool = Largest }, new StaticPolicy(Largest)),
    ];

    private const string Largest = "qwen3-32b";

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
            var compared = new List<LiveComparison>();
            // An overloaded static route shows the router's queue, which the simulation lacks; once is enough.
            foreach (var (name, _, policy) in Policies.Where(policy => setting == Apart || policy.Spec.Type != PolicyTypes.Static))
            {
                var live = await LoadRun.RunAsync(Load(fleet, inputs.ConversationTrace, setting, name, length), null, cancellation);
                var comparison = new LiveComparison(setting, name, live, SimulatedReplay.Run(setting, policy, inputs.ConversationTrace, length));
                Tell(context, setting, comparison);
                compared.Add(comparison);
            }

            TellTogether(context, setting, compared);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Tell(BenchContext context, LiveSetting setting, LiveComparison one)
    {
        foreach (var figure in one.Times.Append(one.Joules))
            context.Figures.Add($"{setting.Key}_{one.Policy}_{figure.Key}_ratio", figure.Ratio, "x", $"{figure.Meaning}, live over simulated, policy {one.Policy}");
        context.Figures.Add($"{setting.Key}_{one.Policy}_performance", one.Performance.Live, "", $"{one.Performance.Meaning} through the real router, policy {one.Policy}");
        context.Figures.Add($"{setting.SimulatedKey}_{one.Policy}_performance", one.Performance.Median, "", "the same in simulation");
        context.Say(one.ToString());
    }

    private static void TellTogether(BenchContext context, LiveSetting setting, List<LiveComparison> all)
    {
        var ratios = all.Where(one => one.Policy != PolicyTypes.Static).SelectMany(one => one.Times.Append(one.Joules)).Select(figure => figure.Ratio).Where(double.IsFinite).ToList();
        context.Figures.Add($"{setting.Key}_within_15_pct", ratios.Count(ratio => ratio is >= 1 / 1.15 and <= 1.15) / (double)ratios.Count, "", "of the times and joules of policies that are not overloaded, live within 15 % of the simulated median");
        var pairs = all.SelectMany(a => all.Where(b => a.Performance.Simulated[0] > b.Performance.Simulated[^1]).Select(b => a.Performance.Live > b.Performance.Live)).ToList();
        if (pairs.Count > 0)
            context.Figures.Add($"{setting.Key}_order_agrees", pairs.Count(agrees => agrees) / (double)pairs.Count, "", $"{pairs.Count} pairs of policies ({string.Join(", ", all.Select(one => one.Policy))}), one of which is better in every simulation: better live too");
    }

    private static LoadOptions Load(LiveFleet fleet, Trace trace, LiveSetting setting, string route, TimeSpan length) => new()
    {
        Target = new Uri($"http://{fleet.Router.Address}"),
        ApiKey = RouterFleet.ApiKey,
        Model = route,
        Trace = trace,
        Speedup = setting.Speedup,
        For = length,
    };
}
