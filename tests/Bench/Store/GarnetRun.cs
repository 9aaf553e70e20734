using Ops.Api;

namespace Ops.Bench.Store;

/// <summary>
/// A store of Garnet under faults, whose primaries nobody elects but the operator. There is nothing to compare with: the
/// engine alone never replaces a primary. It has no WAIT, so an acknowledged write is one that the primary called OK, and some
/// are lost with it. The disk of a node cannot be filled as for Redis: Garnet never begins a new file of its log on demand.
/// A node of Garnet 2.2.8 may take connections and answer nothing, whatever had struck; the operator starts it anew, and such
/// an outage is told apart.
/// </summary>
internal static class GarnetRun
{
    private const string Engine = StoreEngines.Garnet;
    private const string Who = "the primary called OK";

    // The RTO asked for.
    private const double Target = 2;

    // The least silence after which the operator acts is half a second; one second leaves a busy machine some air.
    private const string Spec = """
        durability: {fsync: always}
          failover: {after: 1s}
          engine: {type: garnet, memoryMiB: 64}
        """;

    // What strikes in turn beside primaries that fall silent; the quick form does only the first.
    private static readonly StoreFault[] Others =
    [
        StoreFault.Killed, StoreFault.Readdressed, .. NetworkCut.Missing is null ? (StoreFault[])[StoreFault.CutOff] : [],
        StoreFault.Killed, StoreFault.Restarted, StoreFault.OperatorKilled,
    ];

    internal static async Task RunAsync(BenchContext context, StoreWorld world, int seed, TimeSpan pace, CancellationToken cancellation)
    {
        await using var site = await world.CreateAsync(Engine, shards: 3, replicas: 1, Spec, cancellation);
        await site.WholeAsync(cancellation);
        context.Say("the store of garnet is whole");
        await using var ledger = Ledger.Start(site.Seeds, 2, pace, copies: 0);
        await using var run = new FaultRun(world, site, seed);
        await new FaultRounds(context, Engine, quick: 2, full: 10).RunAsync(
            async round =>
            {
                foreach (var fault in (StoreFault[])[StoreFault.Stopped, context.Quick ? StoreFault.Killed : Others[round % Others.Length]])
                    FaultReport.Say(context, Engine, await run.StrikeAsync(fault, cancellation), ledger);
                await ledger.CheckAsync(cancellation);
            },
            ReportAsync);

        await ledger.FindLostAsync(cancellation);
        await ReportAsync();
        FaultReport.SayLost(context, Who, ledger, run);

        async Task ReportAsync()
        {
            FaultReport.Writes(context.Figures, $"{Engine}_acked", Who, ledger);
            await FaultReport.OutagesAsync(context.Figures, Engine, site, run, cancellation);
            context.Figures.Add($"{Engine}_outages_beyond_2s", FaultReport.Beyond(run, Target), "", "of the faults that leave a copy to take over, those after which a slot was not served for more than 2 s");
        }
    }
}
