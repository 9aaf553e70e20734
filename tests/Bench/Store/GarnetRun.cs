using Ops.Api;
using Ops.Bench.Router;

namespace Ops.Bench.Store;

/// <summary>
/// A store of Garnet, whose primaries nobody elects but the operator. There is nothing to compare with: the engine alone
/// never replaces a primary. It has no WAIT, so an acknowledged write is one that the primary called OK.
/// </summary>
internal static class GarnetRun
{
    private const string Engine = StoreEngines.Garnet;

    // The least silence after which the operator acts is half a second; one second leaves a busy machine some air.
    private const string Spec = """
        durability: {fsync: always}
          failover: {after: 1s}
          engine: {type: garnet, memoryMiB: 64}
        """;

    internal static async Task RunAsync(BenchContext context, StoreWorld world, int seed, TimeSpan pace, CancellationToken cancellation)
    {
        await using var site = await world.CreateAsync(Engine, shards: 3, replicas: 1, Spec, cancellation);
        await site.WholeAsync(cancellation);
        context.Say("the store of garnet is whole");
        await using var ledger = Ledger.Start(site.Seeds, 2, pace, copies: 0);
        await using var run = new FaultRun(world, site, seed);
        var rounds = context.Quick ? 2 : 10;
        for (var round = 0; round < rounds; round++)
        {
            foreach (var fault in (StoreFault[])[StoreFault.Stopped, StoreFault.Killed])
                context.Say($"garnet, {fault.Key}: {(await run.StrikeAsync(fault, cancellation)).TotalSeconds:0.00} s without service; {ledger.Acknowledged} writes acknowledged so far");
        }

        var lost = await ledger.FindLostAsync(cancellation);
        context.Figures.Add($"{Engine}_acked_lost", lost.Count, "", "writes that the primary called OK and that are not there in the end; garnet has no WAIT");
        context.Figures.Add($"{Engine}_acked", ledger.Acknowledged, "", "writes so acknowledged, each looked for in the end");
        Add(context.Figures, run, StoreFault.Stopped, "rto", "a primary falls silent: time without a served write to its slots");
        Add(context.Figures, run, StoreFault.Killed, StoreFault.Killed.Key, "kill -9 of a primary, which the kubelet starts again with its volume: the same");
        context.Figures.Add($"{Engine}_outages", run.Outages.Count, "", "faults of both kinds");
        context.Figures.Add($"{Engine}_bystander_max_s", run.Bystander.TotalSeconds, "s", "longest wait of a slot whose shard was not struck");
        context.Figures.Add($"{Engine}_uncovered_slots", StoreSite.Uncovered(await site.ObserveAsync(cancellation)), "", "slots without an answering primary in the end");
    }

    private static void Add(Figures figures, FaultRun run, StoreFault fault, string key, string what)
    {
        double[] outages = [.. run.Outages.Where(one => one.Fault == fault).Select(one => one.Outage.TotalSeconds).Order()];
        foreach (var (name, quantile) in (ReadOnlySpan<(string, double)>)[("p50", 0.5), ("p95", 0.95), ("p99", 0.99)])
            figures.Add($"{Engine}_{key}_{name}_s", LoadResult.Quantile(outages, quantile), "s", what);
    }
}
