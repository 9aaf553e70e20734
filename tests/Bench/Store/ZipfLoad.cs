using System.Collections.Concurrent;
using System.Diagnostics;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>
/// Clients that read and write keys of all slots, one key a slot, by Zipf's law with exponent 1.1. The slots of the first
/// ranks lie side by side, as the keys of one tenant's hash tags may: the worst case for shards that have runs of slots.
/// </summary>
internal sealed class ZipfLoad : IAsyncDisposable
{
    private const double Exponent = 1.1;
    private const int ReadsByWrite = 3;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly double[] Cumulated = Cumulate();

    private readonly Func<IEnumerable<StoreAddress>> _seeds;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Request> _requests = new();
    private readonly Task _working;
    private volatile int _hottest;
    private int _failed;
    private int _retried;

    /// <param name="seeds">Addresses of the store's nodes, at any moment.</param>
    /// <param name="workers">Clients at once.</param>
    /// <param name="pace">Pause of each between two requests, so that the load is the same whatever the machine.</param>
    internal ZipfLoad(Func<IEnumerable<StoreAddress>> seeds, int workers, TimeSpan pace)
    {
        _seeds = seeds;
        _working = Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(() => WorkAsync(worker, pace))));
    }

    /// <summary>The slot that is used most; the next ranks are the slots that follow it.</summary>
    internal int Hottest
    {
        get => _hottest;
        set => _hottest = value;
    }

    /// <summary>Requests that ended in an error; redirects are none.</summary>
    internal int Failed => _failed;

    /// <summary>Tries that failed and were followed by another.</summary>
    internal int Retried => _retried;

    /// <summary>Why requests or tries failed, in words; the last of them.</summary>
    internal string? LastFailure { get; private set; }

    /// <summary>Requests that were answered so far: when each began and ended, and by which node. About 100 bytes each, some 1,000 a second.</summary>
    internal IReadOnlyCollection<Request> Requests => _requests;

    /// <summary>What the busiest of the shards answered of the requests since a moment, over the mean of all shards.</summary>
    internal double Skew(int shards, long since)
    {
        var counts = _requests.Where(request => request.Ended >= since).GroupBy(request => request.Server).Select(node => node.Count()).ToList();
        return counts.Count == 0 ? double.NaN : counts.Max() / ((double)counts.Sum() / shards);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _working;
        _stop.Dispose();
    }

    private async Task WorkAsync(int worker, TimeSpan pace)
    {
        var random = new Random(worker);
        using var client = new StoreClient(_seeds, Within, Patience);
        while (!_stop.IsCancellationRequested)
        {
            var key = SlotKeys.Of((_hottest + Rank(random.NextDouble())) % SlotSet.Slots, "zipf");
            var began = Stopwatch.GetTimestamp();
            var answer = await client.AskAsync(key, CancellationToken.None, random.Next(ReadsByWrite + 1) == 0 ? ["SET", key, "1"] : ["GET", key]);
            if (answer.Error is null)
                _requests.Enqueue(new Request(began, Stopwatch.GetTimestamp(), answer.Served));
            else
                Interlocked.Increment(ref _failed);
            Interlocked.Add(ref _retried, answer.Retried.Length);
            LastFailure = answer.Error ?? answer.Retried.LastOrDefault() ?? LastFailure;
            await Task.Delay(pace, CancellationToken.None);
        }
    }

    private static int Rank(double share) => Math.Min(Array.BinarySearch(Cumulated, share) is >= 0 and var hit ? hit : ~Array.BinarySearch(Cumulated, share), SlotSet.Slots - 1);

    private static double[] Cumulate()
    {
        var weights = Enumerable.Range(1, SlotSet.Slots).Select(rank => Math.Pow(rank, -Exponent)).ToArray();
        var (total, sum) = (weights.Sum(), 0.0);
        return [.. weights.Select(weight => (sum += weight) / total)];
    }

    /// <summary>One answered request.</summary>
    internal sealed record Request(long Began, long Ended, StoreAddress Server)
    {
        /// <summary>How long it took, in ms, redirects included.</summary>
        internal double Milliseconds => Stopwatch.GetElapsedTime(Began, Ended).TotalMilliseconds;
    }
}
