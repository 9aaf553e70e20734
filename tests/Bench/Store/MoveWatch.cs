using System.Diagnostics;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>Asks a store's nodes again and again who has which slot, and so counts moves and knows when they happened.</summary>
internal sealed class MoveWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _stop = new();
    private readonly StoreSite _site;
    private readonly List<(long From, long To, int Moves)> _moving = [];
    private readonly Task _watching;

    internal MoveWatch(StoreSite site)
    {
        _site = site;
        _watching = Task.Run(WatchAsync);
    }

    /// <summary>Slots that changed their owner since a moment. A slot rests after a move, so none does it twice between two looks.</summary>
    internal int Moves(long since)
    {
        lock (_moving)
            return _moving.Where(one => one.To >= since).Sum(one => one.Moves);
    }

    /// <summary>Whether slots moved at any time between two moments.</summary>
    internal Func<long, long, bool> WhileMoving()
    {
        lock (_moving)
        {
            (long From, long To, int Moves)[] moving = [.. _moving];
            return (began, ended) => moving.Any(one => began <= one.To && ended >= one.From);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        Ownership? before = null;
        for (var looked = Stopwatch.GetTimestamp(); !_stop.IsCancellationRequested; await Task.Delay(Pace, CancellationToken.None))
        {
            var now = Ownership.Of(await _site.ObserveAsync(CancellationToken.None));
            // A look that missed a node would take its slots for moved; the next one sees them all.
            if (!now.Covered.Equals(SlotSet.All))
                continue;
            var at = Stopwatch.GetTimestamp();
            if (before is not null && now.Owners.Sum(owner => now.Of(owner).Except(before.Of(owner)).Count) is > 0 and var moves)
            {
                lock (_moving)
                    _moving.Add((looked, at, moves));
            }

            (before, looked) = (now, at);
        }
    }
}
