using System.Diagnostics;
using Ops.Api;
using Ops.Bench.Router;

namespace Ops.Bench.Store;

/// <summary>
/// A load whose hot slots all lie in one shard, and then in another: what the busiest of three shards carries over the mean
/// where slots are placed by load, by their number, and not at all. Three stores at once under the same load.
/// </summary>
internal static class SkewRun
{
    private const int Shards = 3;
    private const int Workers = 4;
    private const double Target = 1.3;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(4);

    // 3 s of some 600 requests/s: the busiest shard's share of a third has a standard error of 1.1 points.
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(60);

    // Both begin in the middle of a shard of the formed store; the first some hundred ranks carry three quarters.
    private const int HotBefore = 1_000;
    private const int HotAfter = 12_000;

    /// <summary>Runs the three arms.</summary>
    internal static async Task RunAsync(BenchContext context, StoreWorld world, CancellationToken cancellation)
    {
        await using var load = await Arm.StartAsync(world, "load", cancellation);
        await using var keys = await Arm.StartAsync(world, "keys", cancellation);
        await using var off = await Arm.StartAsync(world, "off", cancellation);
        Arm[] arms = [load, keys, off];
        await Task.WhenAll(arms.Select(arm => arm.BeginAsync(cancellation)));
        var first = await load.SettledAsync(Warm, cancellation);
        context.Say($"skew: the first hot set is spread after {first:0} s: {load.Skew:0.00} x the mean, by number {keys.Skew:0.00}, not at all {off.Skew:0.00}");

        var shift = Stopwatch.GetTimestamp();
        foreach (var arm in arms)
            arm.Load.Hottest = HotAfter;
        await Task.Delay(Measured, cancellation);
        var shifted = load.Skew;
        var after = context.Quick ? TimeSpan.FromSeconds(20) : TimeSpan.FromSeconds(60);
        var settled = await load.SettledAsync(after - Measured, cancellation) + Measured.TotalSeconds;
        if (after - Stopwatch.GetElapsedTime(shift) is { Ticks: > 0 } rest)
            await Task.Delay(rest, cancellation);
        Report(context, load, keys, off, shift, shifted, settled);
    }

    private static void Report(BenchContext context, Arm load, Arm keys, Arm off, long shift, double shifted, double settled)
    {
        var (moving, figures) = (load.Watch.WhileMoving(), context.Figures);
        Arm[] arms = [load, keys, off];
        var byMoving = load.Load.Requests.ToLookup(request => moving(request.Began, request.Ended), request => request.Milliseconds);
        figures.Add("skew_max_over_mean", load.Skew, "", $"requests of the busiest of {Shards} shards over the mean, {Stopwatch.GetElapsedTime(shift).TotalSeconds:0} s after the hot slots of a Zipf load (1.1) moved to another shard; slots placed by load");
        figures.Add("skew_max_over_mean_by_keys", keys.Skew, "", "the same at the same moment, slots placed by their number");
        figures.Add("skew_max_over_mean_off", off.Skew, "", "the same, slots left where they are");
        figures.Add("skew_max_over_mean_shifted", shifted, "", "slots placed by load, right after the hot slots moved");
        figures.Add("skew_settled_s", settled, "s", $"after the hot slots moved, until it was below {Target} again; absent where it never was");
        figures.Add("skew_moves", load.Watch.Moves(shift), "", "slots that changed their shard for that");
        figures.Add("skew_moves_by_keys", keys.Watch.Moves(shift), "", "the same, slots placed by their number");
        figures.Add("skew_p99_moving_ms", LoadResult.Quantile([.. byMoving[true].Order()], 0.99), "ms", "99th percentile of clients' requests while slots moved, redirects included");
        figures.Add("skew_p99_quiet_ms", LoadResult.Quantile([.. byMoving[false].Order()], 0.99), "ms", "the same clients while none did");
        figures.Add("skew_requests_moving", byMoving[true].Count(), "", "requests behind the first of the two");
        figures.Add("skew_errors", arms.Sum(arm => arm.Load.Failed), "", "requests of all three stores that failed; redirects are none");
        figures.Add("skew_retries", arms.Sum(arm => arm.Load.Retried), "", "tries of theirs that failed and were followed by another with a new map");
        foreach (var why in arms.Select(arm => arm.Load.LastFailure).OfType<string>())
            context.Say($"skew: the last failure of a try: {why}");
    }

    /// <summary>One way of placing slots, with its store and load.</summary>
    private sealed class Arm(StoreSite site) : IAsyncDisposable
    {
        private ZipfLoad? _load;
        private MoveWatch? _watch;

        internal ZipfLoad Load => _load!;

        internal MoveWatch Watch => _watch!;

        internal double Skew => Load.Skew(Shards, Stopwatch.GetTimestamp() - (long)(Measured.TotalSeconds * Stopwatch.Frequency));

        internal static async Task<Arm> StartAsync(StoreWorld world, string mode, CancellationToken cancellation) =>
            new(await world.CreateAsync($"skew-{mode}", StoreEngines.Redis, Shards, 0, $"{{mode: \"{mode}\"}}", cancellation));

        internal async Task BeginAsync(CancellationToken cancellation)
        {
            await site.WholeAsync(cancellation);
            _load = new ZipfLoad(site.Seeds, Workers, Pace) { Hottest = HotBefore };
            _watch = new MoveWatch(site);
        }

        /// <summary>Waits until the busiest shard is below the target.</summary>
        /// <returns>Seconds until then; not a number where it never was.</returns>
        internal async Task<double> SettledAsync(TimeSpan patience, CancellationToken cancellation)
        {
            var began = Stopwatch.GetTimestamp();
            while (!(Stopwatch.GetElapsedTime(began) > Measured && Skew < Target))
            {
                if (Stopwatch.GetElapsedTime(began) > patience)
                    return double.NaN;
                await Task.Delay(250, cancellation);
            }

            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        public async ValueTask DisposeAsync()
        {
            if (_load is not null)
                await _load.DisposeAsync();
            if (_watch is not null)
                await _watch.DisposeAsync();
            await site.DisposeAsync();
        }
    }
}
