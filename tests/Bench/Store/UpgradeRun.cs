using System.Diagnostics;
using Ops.Api;
using Ops.Bench.Router;

namespace Ops.Bench.Store;

/// <summary>A change of the nodes' template is rolled through a store under writes: how long slots are not served while a replica takes over in agreement with its primary.</summary>
internal static class UpgradeRun
{
    private const int Shards = 3;

    // Two, so that a shard takes writes while one of them starts anew (minReplicasToWrite is 1).
    private const int Replicas = 2;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Whole = TimeSpan.FromMinutes(5);

    // Turned over so that each of them is a change.
    private static readonly string[] Fsync = ["always", "everysec"];

    /// <summary>Rolls so many upgrades and reports.</summary>
    internal static async Task RunAsync(BenchContext context, StoreWorld world, CancellationToken cancellation)
    {
        await using var site = await world.CreateAsync("upgrade", StoreEngines.Redis, Shards, Replicas, "{}", cancellation);
        await site.WholeAsync(cancellation);
        await using var ledger = Ledger.Start(site.Seeds, 2, Pace, Replicas, Patience);
        // Shards of a formed store have equal runs of slots: one probe for each.
        Probe[] probes = [.. new[] { 0, 8_000, 16_383 }.Select(slot => new Probe(slot, site.Seeds))];
        var (unserved, took) = (new List<double>(), new List<double>());
        try
        {
            for (var round = 0; round < (context.Quick ? 1 : 4); round++)
            {
                foreach (var probe in probes)
                {
                    await probe.ServedAsync(Warm, cancellation);
                    probe.Mark();
                }

                var (before, began) = (world.PodIds("upgrade"), Stopwatch.GetTimestamp());
                await world.PatchAsync(site, $$"""{"spec": {"durability": {"fsync": "{{Fsync[round % Fsync.Length]}}"} } }""", cancellation);
                while (world.PodIds("upgrade").Overlaps(before))
                {
                    if (Stopwatch.GetElapsedTime(began) > Whole)
                        throw new BenchCannotRunException($"not every pod was renewed within {Whole.TotalMinutes:0} minutes: {world.Store("upgrade").Status?.Reason}");
                    await Task.Delay(100, cancellation);
                }

                await site.WholeAsync(cancellation);
                took.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
                foreach (var probe in probes)
                    await probe.ServedAsync(Warm, cancellation);
                unserved.AddRange(probes.Select(probe => probe.Longest.TotalSeconds));
                context.Say($"upgrade: {took[^1]:0.0} s for {Shards * (Replicas + 1)} nodes; longest wait by shard: {string.Join(", ", probes.Select(probe => $"{probe.Longest.TotalSeconds:0.00} s"))}");
            }
        }
        finally
        {
            foreach (var probe in probes)
                await probe.DisposeAsync();
        }

        unserved.Sort();
        var figures = context.Figures;
        figures.Add("upgrade_unserved_p50_s", LoadResult.Quantile([.. unserved], 0.5), "s", "longest time without a served write to a slot of a shard while all nodes start anew, by shard, median; its primary hands over once");
        figures.Add("upgrade_unserved_max_s", unserved[^1], "s", "the same, of the worst shard");
        figures.Add("upgrade_handovers", unserved.Count, "", "shards behind these two, over all upgrades");
        figures.Add("upgrade_s", LoadResult.Quantile([.. took.Order()], 0.5), "s", $"one upgrade of {Shards} shards with {Replicas} replicas each, until all is in step again; median");
        figures.Add("upgrade_acked", ledger.Acknowledged, "", "writes that WAIT confirmed meanwhile");
        figures.Add("upgrade_lost", (await ledger.FindLostAsync(cancellation)).Count, "", "of those, not there in the end");
    }
}
