namespace Ops.Sandbox.Node.Control;

/// <summary>"Look again": many may set it, one waits for it; setting it twice is setting it once.</summary>
internal sealed class WakeSignal
{
    private TaskCompletionSource current = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set() => Volatile.Read(ref current).TrySetResult();

    /// <summary>Waits until set, or until the time is over.</summary>
    public async Task WaitAsync(TimeSpan? limit, TimeProvider clock, CancellationToken cancellation)
    {
        var awaited = Volatile.Read(ref current);
        try
        {
            await awaited.Task.WaitAsync(limit ?? Timeout.InfiniteTimeSpan, clock, cancellation);
            // Renewed before the waiter looks: what is set from now on wakes it once more.
            Volatile.Write(ref current, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        catch (TimeoutException)
        {
            // Time to look without being told.
        }
    }
}
