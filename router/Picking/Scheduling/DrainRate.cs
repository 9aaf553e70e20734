namespace Ops.Picking;

/// <summary>
/// Requests that end a second while the replicas have all they can do, as a moving mean over about ten such seconds. An
/// idle fleet ends few requests and could end many, so other times say nothing; nor does the time before as many
/// requests have ended as fit at once, when the first ones are still being worked on.
/// </summary>
internal sealed class DrainRate
{
    private const double MeanOverSeconds = 10;
    private const double ShortestSeconds = 0.5;

    private long _ended;
    private long _endedBefore;
    private long _countedAtMs;
    private bool _wasFull;
    private long _endedWhileFull;
    private double _secondsWhileFull;
    private double _perSecond;

    internal void Ended() => Interlocked.Increment(ref _ended);

    /// <summary>Requests a second; 0 when unknown.</summary>
    internal double PerSecond(int room) => _endedWhileFull >= room ? _perSecond : 0;

    /// <summary>Counts what ended since the last call.</summary>
    /// <param name="nowMs">Now.</param>
    /// <param name="full">Whether requests wait.</param>
    internal void Count(long nowMs, bool full)
    {
        var seconds = (nowMs - _countedAtMs) / 1000.0;
        if (full && _wasFull && seconds < ShortestSeconds)
            return;
        var ended = Interlocked.Read(ref _ended);
        if (full && _wasFull)
            Take(ended - _endedBefore, seconds);
        (_countedAtMs, _endedBefore, _wasFull) = (nowMs, ended, full);
    }

    private void Take(long ended, double seconds)
    {
        _endedWhileFull += ended;
        _secondsWhileFull += seconds;
        _perSecond += ((ended / seconds) - _perSecond) * Math.Min(1, seconds / Math.Min(MeanOverSeconds, _secondsWhileFull));
    }
}
