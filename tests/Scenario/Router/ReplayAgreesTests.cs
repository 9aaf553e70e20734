using Ops.Api;
using Ops.Bench.Routing;
using Ops.Load;
using Ops.Picking;
using Ops.Testing;
using Ops.Traces;

namespace Ops.RouterScenario;

/// <summary>The same traffic through the real router to simulated model servers, and in simulation.</summary>
public sealed class ReplayAgreesTests(ITestOutputHelper output)
{
    private const string Small = "llama-3-1-8b";

    // Requests that leave later than this are no longer the trace's: the processor was busy with something else.
    private const double MostLagSeconds = 0.05;

    // What the real router adds, and what the simulations leave open.
    private const double Tolerance = 1.15;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // The time to the first token holds what this machine takes for itself: it is printed, and the bench compares it.
    [Fact]
    public async Task A_replay_under_the_default_policy_and_its_simulation_agree_on_quality_time_by_token_and_joules()
    {
        var folder = Directory.CreateTempSubdirectory("ops-replay-");
        try
        {
            // 11 requests a second of conversations for 20 seconds.
            var setting = new LiveSetting("replay", 2, [new(Small, "meta-llama/Llama-3.1-8B-Instruct", 1, 0.70), new("qwen3-32b", "Qwen/Qwen3-32B", 2, 0.86)]);
            var length = TimeSpan.FromSeconds(20);
            var trace = SyntheticTrace.Generate(SyntheticKind.Conv, length * setting.Speedup, seed: 3);
            await using var fleet = await LiveFleet.StartAsync(folder.FullName, setting, [("before", new() { Type = PolicyTypes.Static, StaticPool = Small }), ("chat", new())], Cancellation);
            // The same prompts before, to the small model: its engine keeps none of them, so the router must not send them there again.
            (await ReplayAsync("before")).Problems.ShouldBeEmpty();
            var live = await ReplayAsync("chat");
            var compared = new LiveComparison(setting, "default", live, SimulatedReplay.Run(setting, new PricePolicy(), trace, length));
            output.WriteLine(compared.ToString());

            live.Problems.ShouldBeEmpty();
            live.Answered.ShouldBeGreaterThan(100);
            Assert.SkipWhen(live.GeneratorLag.P95 > MostLagSeconds, $"this machine was too busy to send requests in time: {compared}");
            foreach (var figure in compared.Times.Where(figure => figure.Key.StartsWith("tpot", StringComparison.Ordinal)).Append(compared.Joules).Append(compared.Performance))
                figure.Live.ShouldBeInRange(figure.Simulated[0] / Tolerance, figure.Simulated[^1] * Tolerance, figure.ToString());

            Task<LoadReport> ReplayAsync(string route) => LoadRun.RunAsync(
                new() { Target = new Uri($"http://{fleet.Router.Address}"), ApiKey = RouterFleet.ApiKey, Model = route, Trace = trace, Speedup = setting.Speedup, For = length }, null, Cancellation);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
