namespace Ops.Sandbox.Shop.Running;

/// <summary>The connections that a service may hold to one callee.</summary>
internal sealed class Pool(int size) : IDisposable
{
    private readonly SemaphoreSlim free = new(size, size);
    private int waiting;

    public int Size => size;

    public int Used => size - free.CurrentCount;

    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Takes a connection.</summary>
    /// <returns>False when none became free in time.</returns>
    public async Task<bool> TryTakeAsync(TimeSpan limit)
    {
        Interlocked.Increment(ref waiting);
        try
        {
            return await free.WaitAsync(limit);
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    public void Return() => free.Release();

    public void Dispose() => free.Dispose();
}
