namespace Ops.Sandbox.Shop.Running;

/// <summary>The requests that a service works on; further ones wait, and beyond the bound they are refused.</summary>
internal sealed class Workers(int count, int maxWaiting) : IDisposable
{
    private readonly SemaphoreSlim free = new(count, count);
    private int waiting;
    private int busy;

    public int Count => count;

    public int Waiting => Volatile.Read(ref waiting);

    public int Busy => Volatile.Read(ref busy);

    /// <summary>Runs when a worker is free.</summary>
    /// <returns>False when too many wait already.</returns>
    public async Task<bool> TryRunAsync(Func<Task> work)
    {
        if (Interlocked.Increment(ref waiting) > maxWaiting + count)
        {
            Interlocked.Decrement(ref waiting);
            return false;
        }

        await free.WaitAsync();
        Interlocked.Decrement(ref waiting);
        Interlocked.Increment(ref busy);
        try
        {
            await work();
        }
        finally
        {
            Interlocked.Decrement(ref busy);
            free.Release();
        }

        return true;
    }

    public void Dispose() => free.Dispose();
}
