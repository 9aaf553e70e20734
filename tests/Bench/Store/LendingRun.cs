using System.Diagnostics;
using Ops.Api;

namespace Ops.Bench.Store;

/// <summary>
/// Reads of which most are for one key, in a slot that cannot be split: what the busiest node reads over the mean of all,
/// where replicas of the other shards are lent to its shard, and where none is. Both stores at once under the same load. Slots stay
/// where they are: while one moves, a replica says of its keys that they are not there, before it has heard of their new owner.
/// </summary>
internal static class LendingRun
{
    private const int Shards = 3;
    private const int Replicas = 2;
    private const int HotSlot = 1_000;
    private const double HotShare = 0.8;
    private const int Readers = 8;

    // Each of two other shards keeps one replica and lends one.
    private const int Lendable = 2;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan WritePace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    // Some 1,000 reads/s: of a ninth of them in 5 s the standard error is 4 %.
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(5);

    /// <summary>Runs both arms.</summary>
    internal static async Task RunAsync(BenchContext context, StoreWorld world, CancellationToken cancellation)
    {
        await using var lending = await Arm.StartAsync(world, "lend-reads", "reads", cancellation);
        await using var off = await Arm.StartAsync(world, "lend-off", "off", cancellation);
        Arm[] arms = [lending, off];
        await Task.WhenAll(arms.Select(arm => arm.BeginAsync(cancellation)));
        var began = Stopwatch.GetTimestamp();
        var before = (await lending.MeasureAsync(cancellation)).Skew;
        var first = await UntilAsync(() => lending.Lent >= 1, began, cancellation);
        context.Say($"lending: the first replica is lent after {first:0} s; the busiest node read {before:0.00} x the mean");
        var all = await UntilAsync(() => lending.Lent >= Lendable, began, cancellation);
        var measured = await Task.WhenAll(arms.Select(arm => arm.MeasureAsync(cancellation)));

        var figures = context.Figures;
        figures.Add("lending_max_over_mean_before", before, "", $"keys that the busiest of {Shards * (Replicas + 1)} nodes read over the mean of all, {HotShare:P0} of the reads for one key; before a replica is lent");
        figures.Add("lending_max_over_mean", measured[0].Skew, "", "the same, when all replicas are lent that may be");
        figures.Add("lending_max_over_mean_off", measured[1].Skew, "", "the same at the same moment in the store that lends none");
        figures.Add("lending_capacity_ratio", measured[0].Nodes / measured[1].Nodes, "", "reads of the store for one of its busiest node, lending over not: by so much more it serves before that node is full");
        figures.Add("lending_lent", lending.Lent, "", "replicas lent in the end");
        figures.Add("lending_first_s", first, "s", "after the load began, until the first was lent and in step; 10 s of it are spec.rebalancing.replicaMigration.after");
        figures.Add("lending_all_s", all, "s", "the same until all were");
        if (!context.Quick)
            await ReturnAsync(context, lending, cancellation);
        await ReportErrorsAsync(context, arms, cancellation);
    }

    private static async Task ReturnAsync(BenchContext context, Arm lending, CancellationToken cancellation)
    {
        var evened = Stopwatch.GetTimestamp();
        lending.Reads.HotShare = 0;
        context.Figures.Add("lending_back_s", await UntilAsync(() => lending.Lent == 0, evened, cancellation), "s", "after the reads evened out, until all were back and in step");
    }

    private static async Task ReportErrorsAsync(BenchContext context, Arm[] arms, CancellationToken cancellation)
    {
        var figures = context.Figures;
        figures.Add("lending_reads", arms.Sum(arm => arm.Reads.Answered), "", "reads of both stores that were answered");
        figures.Add("lending_errors", arms.Sum(arm => arm.Reads.Failed), "", "reads that no node answered in 5 s");
        figures.Add("lending_missed", arms.Sum(arm => arm.Reads.Missed), "", "reads that were told that a key is not there which is");
        figures.Add("lending_refused", arms[0].Reads.Refused, "", "tries that a node of the lending store refused while it copied, and another answered");
        var lost = 0;
        foreach (var arm in arms)
            lost += (await arm.Writes.FindLostAsync(cancellation)).Count;
        figures.Add("lending_lost", lost, "", "acknowledged writes, confirmed by a replica too, that were not there in the end");
        figures.Add("lending_acked", arms.Sum(arm => arm.Writes.Acknowledged), "", "writes acknowledged meanwhile");
        figures.Add("lending_write_errors", arms.Sum(arm => arm.Writes.Failures.Values.Sum()), "", "writes that failed or were not confirmed");
    }

    /// <returns>Seconds since a moment until then; not a number where it never was.</returns>
    private static async Task<double> UntilAsync(Func<bool> reached, long since, CancellationToken cancellation)
    {
        for (var began = Stopwatch.GetTimestamp(); !reached(); await Task.Delay(200, cancellation))
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
                return double.NaN;
        }

        return Stopwatch.GetElapsedTime(since).TotalSeconds;
    }

    /// <summary>A store with its load.</summary>
    private sealed class Arm(StoreWorld world, StoreSite site) : IAsyncDisposable
    {
        private ReplicaReads? _reads;
        private Ledger? _writes;

        internal ReplicaReads Reads => _reads!;

        internal Ledger Writes => _writes!;

        /// <summary>Replicas that are lent and in step; all others are in step too.</summary>
        internal int Lent
        {
            get
            {
                var members = (world.Store(site.Name).Status?.Shards ?? []).SelectMany(shard => shard.Members ?? []).ToList();
                return members.All(member => member.Role == "primary" || member.InSync == true) ? members.Count(member => member.LentTo is not null) : -1;
            }
        }

        internal static async Task<Arm> StartAsync(StoreWorld world, string name, string mode, CancellationToken cancellation) =>
            new(world, await world.CreateAsync(name, StoreEngines.Redis, Shards, Replicas, $"{{mode: \"off\", replicaMigration: {{mode: \"{mode}\", after: 10s}}}}", cancellation));

        internal async Task BeginAsync(CancellationToken cancellation)
        {
            await site.WholeAsync(cancellation);
            _reads = await ReplicaReads.StartAsync(site, HotSlot, HotShare, Readers, Pace, cancellation);
            _writes = Ledger.Start(site.Seeds, 1, WritePace, copies: 1);
        }

        /// <summary>What the nodes count: the busiest over the mean, and all over the busiest.</summary>
        internal async Task<(double Skew, double Nodes)> MeasureAsync(CancellationToken cancellation)
        {
            var before = await site.ObserveAsync(cancellation);
            await Task.Delay(Measured, cancellation);
            var after = await site.ObserveAsync(cancellation);
            var read = after.Nodes.Where(node => before.Nodes.ContainsKey(node.Key)).Select(node => (double)(node.Value.KeysRead - before.Nodes[node.Key].KeysRead)).ToList();
            return (read.Max() / read.Average(), read.Sum() / read.Max());
        }

        public async ValueTask DisposeAsync()
        {
            if (_reads is not null)
                await _reads.DisposeAsync();
            if (_writes is not null)
                await _writes.DisposeAsync();
            await site.DisposeAsync();
        }
    }
}
