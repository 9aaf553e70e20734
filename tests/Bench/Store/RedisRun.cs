using Ops.Api;
using Ops.Bench.Router;

namespace Ops.Bench.Store;

/// <summary>A store of Redis under faults, beside the same engine that nobody runs and whose primaries fall silent at the same moments.</summary>
internal static class RedisRun
{
    private const string Engine = StoreEngines.Redis;
    private const int Replicas = 2;
    private const string All = "all replicas had confirmed too (WAIT)";
    private const string One = "one replica of two had confirmed too (WAIT)";

    // What strikes in turn beside primaries that fall silent; the quick form does the first two.
    private static readonly StoreFault[] Others =
    [
        StoreFault.Killed, StoreFault.Readdressed, .. NetworkCut.Missing is null ? (StoreFault[])[StoreFault.CutOff] : [],
        StoreFault.Lagging, StoreFault.Severed, StoreFault.DiskFull, StoreFault.Restarted, StoreFault.OperatorKilled,
    ];

    internal static async Task RunAsync(BenchContext context, StoreWorld world, string server, string cli, int seed, TimeSpan pace, CancellationToken cancellation)
    {
        await using var site = await world.CreateAsync("faults", Engine, 3, Replicas, "{}", cancellation);
        await using var native = await NativeStore.StartAsync(server, cli, 3, Replicas, cancellation);
        await site.WholeAsync(cancellation);
        context.Say("both stores are whole");

        // Any replica may be elected, so that only what all have confirmed must be there; beside it what one confirmed.
        await using var ledger = Ledger.Start(site.Seeds, 2, pace, copies: Replicas);
        await using var byOne = Ledger.Start(site.Seeds, 2, pace, copies: 1);
        await using var ours = new FaultRun(world, site, seed);
        await using var alone = new FaultRun(null, native.Site, seed);
        await new FaultRounds(context, Engine, quick: 2, full: 10).RunAsync(
            async round =>
            {
                // Both at once, so that the machine is as busy for one as for the other.
                await Task.WhenAll(ours.StrikeAsync(StoreFault.Stopped, cancellation), alone.StrikeAsync(StoreFault.Stopped, cancellation));
                context.Say($"primary silent: served again after {ours.Outages[^1].Duration.TotalSeconds:0.00} s, the engine alone {alone.Outages[^1].Duration.TotalSeconds:0.00} s");
                FaultReport.Say(context, Engine, await ours.StrikeAsync(Others[round % Others.Length], cancellation), ledger);
                await ledger.CheckAsync(cancellation);
                await byOne.CheckAsync(cancellation);
            },
            ReportAsync);

        await ledger.FindLostAsync(cancellation);
        await byOne.FindLostAsync(cancellation);
        await ReportAsync();
        FaultReport.SayLost(context, All, ledger, ours);
        FaultReport.SayLost(context, One, byOne, ours);

        async Task ReportAsync()
        {
            FaultReport.Writes(context.Figures, $"{Engine}_acked", All, ledger);
            FaultReport.Writes(context.Figures, $"{Engine}_acked_by_one", One, byOne);
            await FaultReport.OutagesAsync(context.Figures, Engine, site, ours, cancellation);
            Compare(context.Figures, ours, alone);
        }
    }

    private static void Compare(Figures figures, FaultRun ours, FaultRun alone)
    {
        var native = FaultReport.Seconds(alone, StoreFault.Stopped);
        figures.Add($"{Engine}_native_rto_p50_s", LoadResult.Quantile(native, 0.5), "s", "the same fault at the same moment in the same engine without an operator");
        figures.Add($"{Engine}_native_rto_p95_s", LoadResult.Quantile(native, 0.95), "s", "the same");
        figures.Add($"{Engine}_native_rto_p99_s", LoadResult.Quantile(native, 0.99), "s", "the same");
        figures.Add($"{Engine}_rto_vs_native", LoadResult.Quantile(FaultReport.Seconds(ours, StoreFault.Stopped), 0.5) / LoadResult.Quantile(native, 0.5), "", "ours over the engine's, of the medians");
        if (native.Length > 0)
            figures.Add($"{Engine}_outages_beyond_native", FaultReport.Beyond(ours, native[^1] * 1.1), "", "of the faults that leave a copy to take over, longer than 1.1 x the engine's own longest");
    }
}
