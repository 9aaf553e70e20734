namespace Ops.Picking;

/// <summary>
/// How many requests a replica works on at once without queueing, learned from its metrics: an engine says how many
/// run and how many wait, not how many could run.
/// </summary>
/// <remarks>
/// Requests that have just come wait for the engine's next step, so some that wait are no queue: while the gate is full,
/// about running / mean output tokens end with each step and as many come for them. The least number beyond twice that
/// which waited in four readings in a row is a queue, as in CoDel: a standing one. The first one shows the capacity, the most
/// that ran meanwhile; a later one lowers it by its length. Until then it is twice what was seen to run, at least 64 and
/// at most the engine's default batch, so that no first flood fills a queue that nobody can order any more. A queue that
/// is longer than requests that just came explain (8, and a quarter of what runs) is a brake at once, until it is gone.
/// Quick requests are gone before four readings, and after the brake as many would be let in again. So while the
/// capacity is unknown, each long queue behind a batch as full as it ever was halves what is tried next, and where that
/// leaves no more than the most that ever ran, this is the capacity: 16 places are found by two floods of 64 and 32.
/// Without a standing queue for two minutes, and with the batch nearly full, it is raised by a sixth (more than the
/// tenth that is kept free, see <see cref="RouteGate"/>) for two readings; what then runs beyond the old limit is the new
/// one and the next raise follows. So an engine at its limit has a short queue in two seconds of about 120, and one
/// whose limit rose (shorter prompts leave more of the KV cache) is used again within some readings.
/// </remarks>
internal sealed class ReplicaCapacity
{
    private const int StandingReadings = 4;
    private const int RaisedReadings = 2;
    private const long HoldMs = 120_000;
    private const double NearlyFull = 0.85;
    private const int JustCame = 8;
    private const int LeastUnknown = 64;

    private long _observedAtMs = long.MinValue;
    private long _heldSinceMs;
    private int _limit;
    private int _raise;
    private int _raisedReadings;
    private int _readings;
    private int _leastWaiting;
    private int _mostRunning;
    private int _tried = LatencyEstimate.BatchLimitPrior;
    private int? _brake;

    /// <summary>The most that was ever seen to run.</summary>
    internal int MostSeen { get; private set; }

    internal int Limit => _brake ?? (_limit == 0 ? Unknown : _limit + _raise);

    private int Unknown => Math.Min(_tried, Math.Clamp(2 * MostSeen, LeastUnknown, LatencyEstimate.BatchLimitPrior));

    /// <summary>Takes a reading in; the same one twice counts once.</summary>
    internal void Learn(in ReplicaState replica)
    {
        if (replica.ObservedAtMs is not { } at || at == _observedAtMs)
            return;
        _observedAtMs = at;
        MostSeen = Math.Max(MostSeen, replica.Running);
        // More ran than was to be tried: what looked like the batch's end was none.
        if (MostSeen > _tried)
            _tried = LatencyEstimate.BatchLimitPrior;
        var queueFrom = _brake is null ? Math.Max(JustCame, replica.Running / 4) : 0;
        var isLong = replica.Waiting > queueFrom;
        if (isLong && _brake is null && _limit == 0 && replica.Running >= MostSeen * NearlyFull)
            TryLess(at);
        _brake = isLong ? Math.Max(1, replica.Running) : null;
        if (Standing(replica) is var queue and > 0)
            Hold(_limit == 0 ? _mostRunning : Math.Max(replica.Running, _limit - queue), at);
        else if (_raise > 0)
            Judge(replica, at);
        else if (_limit > 0 && at - _heldSinceMs >= HoldMs && replica.Running >= _limit * NearlyFull)
            Raise(_limit);
    }

    private void TryLess(long at)
    {
        _tried = Math.Max(MostSeen, Unknown / 2);
        if (_tried == MostSeen)
            Hold(MostSeen, at);
    }

    // Length of the standing queue, 0 when there is none.
    private int Standing(in ReplicaState replica)
    {
        var waiting = replica.Waiting - InStep(replica);
        if (waiting <= 0)
        {
            _readings = 0;
            return 0;
        }

        _leastWaiting = _readings == 0 ? waiting : Math.Min(_leastWaiting, waiting);
        _mostRunning = _readings == 0 ? replica.Running : Math.Max(_mostRunning, replica.Running);
        return ++_readings < StandingReadings ? 0 : _leastWaiting;
    }

    private static int InStep(in ReplicaState replica) =>
        replica.MeanOutputTokens > 0 ? (int)Math.Ceiling(2 * replica.Running / replica.MeanOutputTokens) : 0;

    private void Judge(in ReplicaState replica, long at)
    {
        if (replica.Running > _limit)
            Raise(replica.Running);
        else if (++_raisedReadings == RaisedReadings)
            Hold(_limit, at);
    }

    private void Raise(int limit) => (_limit, _raise, _raisedReadings) = (limit, Math.Max(2, limit / 6), 0);

    private void Hold(int limit, long at) => (_limit, _raise, _readings, _heldSinceMs) = (Math.Max(1, limit), 0, 0, at);
}
