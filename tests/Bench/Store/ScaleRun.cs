using System.Diagnostics;
using Ops.Storage.Cluster;

namespace Ops.Bench.Store;

/// <summary>Slots on their way into shards that are new, and out of them again.</summary>
/// <param name="site">The store.</param>
/// <param name="first">Members that it had before.</param>
internal sealed class ScaleRun(StoreSite site, IReadOnlySet<string> first)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Slots that members have which came later.</summary>
    internal async Task<int> MovedAsync(CancellationToken cancellation)
    {
        StoreView view = await site.ObserveAsync(cancellation);
        return view.Nodes.Values.Where(node => !first.Contains(node.Member)).Sum(node => node.Slots.Count);
    }

    /// <summary>Watches slots move until enough have or the time is over.</summary>
    /// <param name="enough">Whether this number of slots at later members is the end.</param>
    /// <param name="within">Counted from the first slot that moved.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Slots moved a second, from the first to the last.</returns>
    internal async Task<double> RateAsync(Func<int, bool> enough, TimeSpan within, CancellationToken cancellation)
    {
        var before = await MovedAsync(cancellation);
        var now = before;
        for (var began = Stopwatch.GetTimestamp(); now == before; now = await MovedAsync(cancellation))
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new BenchCannotRunException($"no slot of {site.Name} moved within {Patience.TotalMinutes:0} minutes");
            await Task.Delay(20, cancellation);
        }

        var (start, at) = (Stopwatch.GetTimestamp(), now);
        while (!enough(now) && Stopwatch.GetElapsedTime(start) < within)
        {
            await Task.Delay(50, cancellation);
            now = await MovedAsync(cancellation);
        }

        return Math.Abs(now - at) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
