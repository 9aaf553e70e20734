namespace Ops.Picking;

/// <summary>
/// How many requests a replica works on at once without queueing, learned from its metrics: an engine says how many
/// run and how many wait, not how many could run.
/// </summary>
/// <remarks>
/// Until a queue was seen the capacity is the engine's default batch. A queue in two readings in a row (one alone is
/// requests that wait for the next step) sets it to what runs. It is held for a minute, because it may hold for good;
/// then, while the batch is nearly full, it is raised by a 32nd, doubled with each reading without a queue up to a
/// quarter, until one reading shows a queue: that sets it to what runs, and no lower than before the raise. So an engine
/// at its limit has a short queue in one second of about sixty, and one whose limit rose (shorter prompts leave more of
/// the KV cache) is used again within some readings.
/// </remarks>
internal sealed class ReplicaCapacity
{
    private const long HoldMs = 60_000;
    private const double NearlyFull = 0.85;

    private long _observedAtMs = long.MinValue;
    private long _heldSinceMs;
    private int _limit;
    private int _held;
    private int _raise;
    private int _readingsWithQueue;

    internal int Limit => _limit == 0 ? LatencyEstimate.BatchLimitPrior : _limit;

    /// <summary>Takes a reading in; the same one twice counts once.</summary>
    internal void Learn(in ReplicaState replica)
    {
        if (replica.ObservedAtMs is not { } at || at == _observedAtMs)
            return;
        _observedAtMs = at;
        if (replica.Waiting > 0)
        {
            _readingsWithQueue++;
            if (_raise > 0)
                Hold(Math.Max(_held, replica.Running), at);
            else if (_readingsWithQueue >= 2)
                Hold(Math.Max(1, replica.Running), at);
            return;
        }

        _readingsWithQueue = 0;
        if (_limit == 0 || at - _heldSinceMs < HoldMs || replica.Running < _limit * NearlyFull)
            return;
        _raise = _raise == 0 ? Math.Max(1, _limit / 32) : Math.Min(_raise * 2, Math.Max(1, _limit / 4));
        _limit += _raise;
    }

    private void Hold(int limit, long at)
    {
        (_limit, _held, _raise, _heldSinceMs) = (limit, limit, 0, at);
    }
}
