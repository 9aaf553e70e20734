using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using Ops.Storage.Load;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Operator.Stores;

/// <summary>What one store's load was found to be.</summary>
/// <param name="Source">How it was learnt.</param>
/// <param name="Level">Load by slot, 16,384 entries.</param>
/// <param name="Heat">Slots by their load over the last minutes; null when there was none.</param>
internal sealed record LoadReport(LoadSource Source, ImmutableArray<double> Level, SlotHeat? Heat);

/// <summary>Keeps one store's load. A sample is taken beside the reconciles, so that no failover waits for it.</summary>
internal sealed partial class StoreLoad(IStoreEngine engine, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan BetweenSamples = TimeSpan.FromSeconds(1);

    private readonly LoadWindow _window = new();
    private readonly ReadWindow _reads = new();
    private Task<LoadSample?>? _sampling;
    private DateTimeOffset _begun;

    /// <summary>Takes in the sample that is done, begins the next where it is wanted, and adds the load to the view.</summary>
    internal async Task<StoreView> AddToAsync(StoreView view, bool wanted)
    {
        var now = time.GetUtcNow();
        await TakeInAsync(now);
        if (wanted && _sampling is null && now - _begun >= BetweenSamples)
        {
            _begun = now;
            // It outlives the reconcile that begins it, and ends by itself: half a second of listening, a second for each answer.
            _sampling = engine.SampleLoadAsync(view, CancellationToken.None);
        }

        return wanted ? view with { SlotLoad = _window.Forecast(now), HottestKeys = _window.HottestKeys() } : view;
    }

    /// <summary>Adds what the nodes have read to the view, once a whole window of it was seen.</summary>
    internal StoreView AddReads(StoreView view, TimeSpan window)
    {
        _reads.Add(view, window, time.GetUtcNow());
        return view with { Reads = _reads.Rates() };
    }

    /// <summary>Slots that rest after a move.</summary>
    internal SlotSet Resting(TimeSpan cooldown) => _window.Resting(cooldown, time.GetUtcNow());

    /// <summary>Remembers that a slot was moved.</summary>
    internal void Moved(StoreStep step)
    {
        if (step is StoreStep.MoveSlot move)
            _window.Moved([move.Slot], time.GetUtcNow());
    }

    /// <summary>The load to show; null while too little was seen.</summary>
    internal LoadReport? Report()
    {
        var now = time.GetUtcNow();
        return _window.Level(now) is { IsEmpty: false } level ? new(_window.Source, level, _window.Heat(now)) : null;
    }

    private async Task TakeInAsync(DateTimeOffset now)
    {
        if (_sampling is not { IsCompleted: true })
            return;
        try
        {
            if (await _sampling is { } sample)
                _window.Add(sample, now);
        }
        catch (StoreEngineException unknown)
        {
            Log.Unknown(logger, unknown.Message);
        }

        _sampling = null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "{Message}")]
        public static partial void Unknown(ILogger logger, string message);
    }
}
