namespace Ops.Router;

/// <summary>Which time limit of an attempt was exceeded.</summary>
internal enum TimeLimit
{
    None,
    Connect,
    FirstByte,
    Idle,
    Total,
}

/// <summary>
/// Cancels an attempt when its first byte or the next piece of its stream is overdue, or when the client is gone.
/// Reading a chunk costs one look at the clock: the timer is armed again only when it fires and finds progress.
/// </summary>
internal sealed class UpstreamTimer : IDisposable
{
    // No deadline: the client is being written to, and the upstream owes nothing.
    private const long Paused = long.MaxValue;

    private readonly TimeProvider _time;
    private readonly UpstreamTimeouts _limits;
    private readonly CancellationTokenSource _cancellation = new();
    private readonly CancellationTokenRegistration _clientGone;
    private readonly ITimer _timer;
    private readonly long _end;
    private long _deadline;
    private bool _streaming;
    private int _expired;

    internal UpstreamTimer(TimeProvider time, UpstreamTimeouts limits, long startedAt, CancellationToken clientGone)
    {
        _time = time;
        _limits = limits;
        _clientGone = clientGone.UnsafeRegister(static state => ((UpstreamTimer)state!)._cancellation.Cancel(), this);
        // Until the request is sent, connecting and a stalled upload share this first deadline.
        var first = limits.Connect + limits.FirstByte;
        _deadline = time.GetTimestamp() + Ticks(first);
        _end = limits.Total is { } total ? startedAt + Ticks(total) : Paused;
        _timer = time.CreateTimer(static state => ((UpstreamTimer)state!).OnTimer(), this, ToEnd(first), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Cancelled when a limit is exceeded or the client is gone.</summary>
    internal CancellationToken Token => _cancellation.Token;

    /// <summary>The limit that was exceeded, if one was.</summary>
    internal TimeLimit Expired => (TimeLimit)Volatile.Read(ref _expired);

    /// <summary>The request's last byte is on its way: the first byte is due from now on.</summary>
    internal void RequestSent() => Restart(_limits.FirstByte);

    /// <summary>The upstream owes a piece of the response.</summary>
    internal void ReadStarted()
    {
        if (_streaming)
            Volatile.Write(ref _deadline, _time.GetTimestamp() + Ticks(_limits.Idle));
    }

    /// <summary>A piece arrived.</summary>
    internal void ReadEnded()
    {
        if (_streaming)
        {
            Volatile.Write(ref _deadline, Paused);
            return;
        }

        _streaming = true;
        Restart(_limits.Idle);
        Volatile.Write(ref _deadline, Paused);
    }

    public void Dispose()
    {
        // The token source has neither a timer nor a wait handle of its own, so it needs no disposal; a late timer
        // callback may therefore still cancel it without harm.
        _timer.Dispose();
        _clientGone.Dispose();
    }

    private void Restart(TimeSpan limit)
    {
        Volatile.Write(ref _deadline, _time.GetTimestamp() + Ticks(limit));
        _timer.Change(ToEnd(limit), Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        var deadline = Volatile.Read(ref _deadline);
        var left = ToEnd(deadline == Paused ? _limits.Idle : _time.GetElapsedTime(_time.GetTimestamp(), deadline));
        if (left > TimeSpan.Zero)
        {
            // Timers count whole milliseconds; rounding up avoids firing just before the deadline.
            _timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            return;
        }

        var isEnd = _end != Paused && _time.GetTimestamp() >= _end;
        Volatile.Write(ref _expired, (int)(isEnd ? TimeLimit.Total : _streaming ? TimeLimit.Idle : TimeLimit.FirstByte));
        _cancellation.Cancel();
    }

    // The time limit, or what is left of the whole request's where that is less.
    private TimeSpan ToEnd(TimeSpan limit)
    {
        if (_end == Paused)
            return limit;
        var left = _time.GetElapsedTime(_time.GetTimestamp(), _end);
        return left < limit ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : limit;
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);
}
