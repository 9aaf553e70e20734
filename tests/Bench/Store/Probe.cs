using System.Diagnostics;
using Ops.Storage.Cluster;

namespace Ops.Bench.Store;

/// <summary>Writes to one slot all the time and knows when it was last served and since when again.</summary>
internal sealed class Probe : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    // Long enough for a busy machine, short enough that a stopped node's silence does not hide who took its place.
    private static readonly TimeSpan Within = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private readonly Func<IEnumerable<StoreAddress>> _seeds;
    private readonly string _key;
    private readonly Task _probing;
    private long _sentServed;
    private long _longest;
    private volatile string _why = "";
    private long _lastServed = Stopwatch.GetTimestamp();
    private volatile StoreAnswer _last = new(null, "not asked yet", 0, default);
    private volatile StoreAnswer _lastServing = new(null, "not served yet", 0, default);

    internal Probe(int slot, Func<IEnumerable<StoreAddress>> seeds)
    {
        (Slot, _seeds, _key) = (slot, seeds, SlotKeys.Of(slot, "probe"));
        _probing = Task.Run(ProbeAsync);
    }

    /// <summary>The slot.</summary>
    internal int Slot { get; }

    /// <summary>Who served the slot last.</summary>
    internal StoreAddress Server => _lastServing.Served;

    /// <summary>The longest time between two served writes since <see cref="Mark"/>.</summary>
    internal TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref _longest));

    /// <summary>What the tries in that time were answered, each kind of answer with its number; empty where none failed.</summary>
    internal string Why => _why;

    /// <summary>Begins to measure anew.</summary>
    internal void Mark()
    {
        Interlocked.Exchange(ref _longest, 0);
        _why = "";
    }

    /// <summary>Waits for a write that was sent after now and was served.</summary>
    internal async Task ServedAsync(TimeSpan patience, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        while (Interlocked.Read(ref _sentServed) <= began)
        {
            if (Stopwatch.GetElapsedTime(began) > patience)
                throw new BenchCannotRunException($"slot {Slot} was not served within {patience.TotalSeconds:0} s; the last word was: {_last.Error}");
            await Task.Delay(Pace, cancellation);
        }
    }

    /// <summary>Waits until the slot is not served, so that a fault is known to have struck; false where it never was.</summary>
    internal async Task<bool> UnservedAsync(TimeSpan patience, CancellationToken cancellation)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < patience; await Task.Delay(Pace, cancellation))
        {
            if (_last.Error is not null)
                return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _probing;
        _stop.Dispose();
    }

    private async Task ProbeAsync()
    {
        using var client = new StoreClient(_seeds, Within);
        var failed = new Dictionary<string, int>();
        while (!_stop.IsCancellationRequested)
        {
            var sent = Stopwatch.GetTimestamp();
            var answer = await client.AskAsync(_key, CancellationToken.None, ["SET", _key, "1"]);
            if (answer.Error is null)
            {
                var now = Stopwatch.GetTimestamp();
                if (Stopwatch.GetElapsedTime(_lastServed, now).Ticks is var gap && gap > Interlocked.Read(ref _longest))
                {
                    Interlocked.Exchange(ref _longest, gap);
                    _why = string.Join(", ", failed.Select(one => $"{one.Value} x {one.Key}"));
                }

                failed.Clear();
                (_lastServed, _lastServing) = (now, answer);
                Interlocked.Exchange(ref _sentServed, sent);
            }
            else
            {
                failed[$"{answer.Error} ({answer.Served.Host})"] = failed.GetValueOrDefault($"{answer.Error} ({answer.Served.Host})") + 1;
            }

            _last = answer;
            await Task.Delay(Pace, CancellationToken.None);
        }
    }
}
