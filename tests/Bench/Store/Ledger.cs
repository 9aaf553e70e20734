using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Ops.Storage.Cluster;

namespace Ops.Bench.Store;

/// <summary>
/// Clients that write numbered values and remember each that was acknowledged: by the primary and, on the same connection,
/// by WAIT for so many replicas. In the end each is looked for.
/// </summary>
internal sealed class Ledger : IAsyncDisposable
{
    // A worker's keys before it overwrites its own: 3 workers x 50,000 x some 100 bytes are 15 MB a copy.
    private const int KeysOfWorker = 50_000;
    private const string WaitMs = "400";
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SecondLook = TimeSpan.FromSeconds(1);

    // As long as a store may take to become whole.
    private static readonly TimeSpan Readable = TimeSpan.FromMinutes(4);

    private readonly Func<IEnumerable<StoreAddress>> _seeds;
    private readonly int _copies;
    private readonly TimeSpan _patience;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _writing = new();
    private readonly Dictionary<string, (long Value, long At)> _acknowledged = [];
    private readonly Dictionary<(string Key, long Value), long> _lost = [];
    private readonly List<(string Key, long At)> _late = [];
    private Dictionary<string, (long Value, long At)> _unchecked = [];
    private readonly Task[] _workers;
    private long _count;
    private long _redirects;

    private Ledger(Func<IEnumerable<StoreAddress>> seeds, int workers, TimeSpan pace, int copies, TimeSpan patience)
    {
        (_seeds, _copies, _patience) = (seeds, copies, patience);
        _workers = [.. Enumerable.Range(0, workers).Select(worker => Task.Run(() => WriteAsync(worker, pace)))];
    }

    /// <summary>Writes that were acknowledged so far.</summary>
    internal long Acknowledged => Interlocked.Read(ref _count);

    /// <summary>Writes that were answered with another node's name on the way.</summary>
    internal long Redirects => Interlocked.Read(ref _redirects);

    /// <summary>Writes that failed or were not confirmed, by the reason: an engine's error by its code, what the client itself found in words; the client was not told OK.</summary>
    internal ConcurrentDictionary<string, int> Failures { get; } = [];

    /// <summary>Tries of writes that failed and were followed by another, by the reason.</summary>
    internal ConcurrentDictionary<string, int> Retries { get; } = [];

    /// <summary>Starts writing.</summary>
    /// <param name="seeds">Addresses of the store's nodes, at any moment.</param>
    /// <param name="workers">Clients at once.</param>
    /// <param name="pace">Pause of each between two writes, so that the load is the same whatever the machine.</param>
    /// <param name="copies">Replicas that must have confirmed a write; with none the primary's OK is enough.</param>
    /// <param name="patience">How long a write is tried again; with none its first error counts.</param>
    internal static Ledger Start(Func<IEnumerable<StoreAddress>> seeds, int workers, TimeSpan pace, int copies, TimeSpan patience = default) => new(seeds, workers, pace, copies, patience);

    /// <summary>Acknowledged writes that were not there when they were looked for, and when they were acknowledged.</summary>
    internal IReadOnlyList<(string Key, long At)> Lost => [.. _lost.Select(one => (one.Key.Key, one.Value))];

    /// <summary>Acknowledged writes that were not there when they were looked for, and were a second later; when they were acknowledged.</summary>
    internal IReadOnlyList<(string Key, long At)> Late => [.. _late];

    /// <summary>
    /// Looks for the writes that were acknowledged since the last look, while more are written: a later write of the same key
    /// would hide that this one was lost.
    /// </summary>
    internal Task CheckAsync(CancellationToken cancellation)
    {
        Dictionary<string, (long Value, long At)> young;
        lock (_writing)
            (young, _unchecked) = (_unchecked, []);
        return LookForAsync(young, cancellation);
    }

    /// <summary>Stops writing and looks for every acknowledged write.</summary>
    /// <returns>What this look or an earlier one missed: keys whose acknowledged value, or a later one, is not there, and when it was acknowledged.</returns>
    internal async Task<IReadOnlyList<(string Key, long At)>> FindLostAsync(CancellationToken cancellation)
    {
        await StopAsync();
        await LookForAsync(_acknowledged, cancellation);
        return Lost;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_workers);
    }

    private async Task WriteAsync(int worker, TimeSpan pace)
    {
        using var client = new StoreClient(_seeds, Within, _patience);
        for (var sequence = 1L; !_stop.IsCancellationRequested; sequence++)
        {
            var key = $"w{_copies}-{worker}:{sequence % KeysOfWorker}";
            // A write that is under way is always finished: half of one would be neither acknowledged nor refused.
            string[] set = ["SET", key, sequence.ToString(CultureInfo.InvariantCulture)];
            var answer = await client.AskAsync(key, CancellationToken.None, _copies > 0 ? [set, ["WAIT", $"{_copies}", WaitMs]] : [set]);
            Interlocked.Add(ref _redirects, answer.Redirects);
            foreach (var why in answer.Retried)
                Retries.AddOrUpdate(Reason(why), 1, (_, before) => before + 1);
            if (answer.Error is null && (answer.Answer is "OK" || (answer.Answer is long confirmed && confirmed >= _copies)))
            {
                lock (_writing)
                    _acknowledged[key] = _unchecked[key] = (sequence, Stopwatch.GetTimestamp());
                Interlocked.Increment(ref _count);
            }
            else
            {
                Failures.AddOrUpdate(Reason(answer.Error), 1, (_, before) => before + 1);
            }

            await Task.Delay(pace, CancellationToken.None);
        }
    }

    private static string Reason(string? error) => error switch
    {
        null => "unconfirmed",
        _ when error.Split(' ')[0] is var code && code.All(char.IsAsciiLetterUpper) => code,
        _ => error,
    };

    private async Task LookForAsync(Dictionary<string, (long Value, long At)> acknowledged, CancellationToken cancellation)
    {
        using var client = new StoreClient(_seeds, Within);
        foreach (var (key, (value, at)) in acknowledged)
        {
            if (_lost.ContainsKey((key, value)) || await IsThereAsync(client, key, value, cancellation))
                continue;
            await Task.Delay(SecondLook, cancellation);
            if (await IsThereAsync(client, key, value, cancellation))
                _late.Add((key, at));
            else
                _lost.TryAdd((key, value), at);
        }
    }

    // A later write of the same key may have arrived without its acknowledgement.
    private static async Task<bool> IsThereAsync(StoreClient client, string key, long value, CancellationToken cancellation) =>
        await ReadAsync(client, key, cancellation) is string text && long.Parse(text, CultureInfo.InvariantCulture) >= value;

    private static async Task<object?> ReadAsync(StoreClient client, string key, CancellationToken cancellation)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(100, cancellation))
        {
            var answer = await client.AskAsync(key, cancellation, ["GET", key]);
            if (answer.Error is null)
                return answer.Answer;
            if (Stopwatch.GetElapsedTime(began) > Readable)
                throw new BenchCannotRunException($"{key} cannot be read, so that nothing can be said of what was lost: {answer.Error}");
        }
    }
}
