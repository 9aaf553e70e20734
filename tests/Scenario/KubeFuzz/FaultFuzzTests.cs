using System.Collections.Concurrent;
using System.Globalization;
using k8s.Models;
using Ops.Sandbox.Api;

namespace Ops.KubeFuzz.Tests;

/// <summary>
/// Cache, queue, loop and writer against the sandbox's API server with faults between them. OPS_FUZZ_RUNS and
/// OPS_FUZZ_SEED choose more runs, or the one that failed.
/// </summary>
public sealed class FaultFuzzTests
{
    private const int Lanes = 12;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_the_faults_stop_cache_and_world_agree_in_every_run()
    {
        var runs = Setting("OPS_FUZZ_RUNS", 240);
        var first = Setting("OPS_FUZZ_SEED", 1);
        var outcomes = await RunAllAsync(first, runs, () => new RelistDifference<V1ConfigMap>());

        var tally = new FaultTally();
        foreach (var outcome in outcomes)
            tally.Add(outcome.Tally);
        Say($"Fault fuzz: {outcomes.Count} runs, {tally.Total} faults: {tally}");
        outcomes.Where(o => o.Disagreement is not null).Select(o => $"OPS_FUZZ_SEED={o.Seed} OPS_FUZZ_RUNS=1: {o.Disagreement}").ShouldBeEmpty();
        if (runs >= 200)
        {
            foreach (var fault in Enum.GetValues<Fault>())
                tally[fault].ShouldBeGreaterThan(0, $"{fault} was never injected");
        }
    }

    [Fact]
    public async Task Without_the_difference_at_a_relist_the_fuzz_fails()
    {
        var outcomes = await RunAllAsync(1, 12, () => new RelistWithoutDifference<V1ConfigMap>());
        var failed = outcomes.Count(o => o.Disagreement?.StartsWith("sources: ", StringComparison.Ordinal) == true);
        Say($"Without the relist difference {failed} of {outcomes.Count} runs fail.");
        failed.ShouldBeGreaterThan(0);
    }

    // Each lane has a server of its own, so that the compaction of one run is not a 410 in all others.
    private static async Task<IReadOnlyCollection<FuzzOutcome>> RunAllAsync(int first, int runs, Func<IRelist<V1ConfigMap>> relist)
    {
        var outcomes = new ConcurrentBag<FuzzOutcome>();
        var seeds = new ConcurrentQueue<int>(Enumerable.Range(first, runs));
        await Task.WhenAll(Enumerable.Range(0, Math.Min(Lanes, runs)).Select(_ => Task.Run(() => RunLaneAsync(seeds, outcomes, relist), Token)));
        return outcomes;
    }

    private static async Task RunLaneAsync(ConcurrentQueue<int> seeds, ConcurrentBag<FuzzOutcome> outcomes, Func<IRelist<V1ConfigMap>> relist)
    {
        await using var server = await ApiServer.StartAsync(new ApiServerOptions(), Token);
        await using var proxy = await FaultProxy.StartAsync(new Uri(server.Url), Token);
        var target = new FuzzTarget(server.Url, server.AdminToken, proxy, server.Compact);
        while (seeds.TryDequeue(out var seed))
        {
            using var run = new FuzzRun(target, seed, relist());
            outcomes.Add(await run.RunAsync(Token));
        }
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static void Say(string text)
    {
        TestContext.Current.SendDiagnosticMessage("{0}", text);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        Console.WriteLine(text);
    }
}
