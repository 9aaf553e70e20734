namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>
/// A clock that moves only while somebody sleeps: a timer jumps to its due time, and further by a fixed lateness. With one
/// sleeper the run is exact and takes no time, however busy the machine is.
/// </summary>
internal sealed class SleepIsTime(TimeSpan lateness) : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Add(ref _ticks, (dueTime + lateness).Ticks);
        ThreadPool.QueueUserWorkItem(_ => callback(state));
        return new Fired();
    }

    private sealed class Fired : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
