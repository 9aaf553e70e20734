namespace Ops.Picking;

/// <summary>
/// How many requests a replica works on at once without queueing, learned from its metrics: an engine says how many
/// run and how many wait, not how many could run.
/// </summary>
/// <remarks>
/// Requests that have just come wait for the engine's next step, so some that wait are no queue. The least number that
/// waited in four readings in a row is one, as in CoDel: a standing queue. The first one shows the capacity, the most
/// that ran meanwhile; a later one lowers it by its length. Until then it is twice what was seen to run, at least 64 and
/// at most the engine's default batch, so that no first flood fills a queue that nobody can order any more. A queue that
/// is longer than requests that just came explain (8, and a quarter of what runs) is a brake at once, until it is gone.
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
    private int _mostSeen;
    private int? _brake;

    internal int Limit => _brake ?? (_limit == 0 ? Math.Clamp(2 * _mostSeen, LeastUnknown, LatencyEstimate.BatchLimitPrior) : _limit + _raise);

    /// <summary>Takes a reading in; the same one twice counts once.</summary>
    internal void Learn(in ReplicaState replica)
    {
        if (replica.ObservedAtMs is not { } at || at == _observedAtMs)
            return;
        _observedAtMs = at;
        _mostSeen = Math.Max(_mostSeen, replica.Running);
        var queueFrom = _brake is null ? Math.Max(JustCame, replica.Running / 4) : 0;
        _brake = replica.Waiting > queueFrom ? Math.Max(1, replica.Running) : null;
        if (Standing(replica) is var queue and > 0)
            Hold(_limit == 0 ? _mostRunning : Math.Max(replica.Running, _limit - queue), at);
        else if (_raise > 0)
            Judge(replica, at);
        else if (_limit > 0 && at - _heldSinceMs >= HoldMs && replica.Running >= _limit * NearlyFull)
            Raise(_limit);
    }

    // Length of the standing queue, 0 when there is none.
    private int Standing(in ReplicaState replica)
    {
        if (replica.Waiting == 0)
        {
            _readings = 0;
            return 0;
        }

        _leastWaiting = _readings == 0 ? replica.Waiting : Math.Min(_leastWaiting, replica.Waiting);
        _mostRunning = _readings == 0 ? replica.Running : Math.Max(_mostRunning, replica.Running);
        return ++_readings < StandingReadings ? 0 : _leastWaiting;
    }

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
