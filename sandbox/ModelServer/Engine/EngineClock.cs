namespace Ops.Sandbox.ModelServer.Engine;

/// <summary>Seconds since the process came up, from a monotone clock.</summary>
internal sealed class EngineClock(TimeProvider time)
{
    // A timer cannot be set finer than this; what is due sooner is due now.
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(1);
    private readonly long _start = time.GetTimestamp();

    public double Now => time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Waits until an absolute time, at most one timer resolution early. Late wake-ups do not add up.</summary>
    public Task DelayUntilAsync(double seconds, CancellationToken cancellationToken)
    {
        var left = TimeSpan.FromSeconds(seconds - Now);
        return left < Resolution ? Task.CompletedTask : Task.Delay(left, time, cancellationToken);
    }
}
