namespace Ops.Sandbox.Shop.Running;

/// <summary>
/// The one core of a service: work for the processor is done one piece after the other, as in a single-threaded server.
/// The work is real (the process's CPU time grows by it) and its amount is fixed, so a busy machine makes it slower.
/// </summary>
internal sealed class Core : IDisposable
{
    // Each round depends on the one before: about 2 ns on a machine of today.
    private const int RoundsPerMicrosecond = 500;

    private readonly SemaphoreSlim gate = new(1, 1);
    private ulong state = 0x9E3779B97F4A7C15;

    /// <summary>Waits for the core and works.</summary>
    public async Task ComputeAsync(int microseconds) => await RunAsync(() => Work(microseconds));

    /// <summary>Waits for the core and holds it for as long as something runs.</summary>
    public async Task RunAsync(Action work)
    {
        await gate.WaitAsync();
        try
        {
            work();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Works; only inside <see cref="RunAsync"/>.</summary>
    public void Work(int microseconds)
    {
        // Xorshift: no branch, no memory, nothing for the compiler to leave out since the result is kept.
        var x = state;
        for (var round = microseconds * (long)RoundsPerMicrosecond; round > 0; round--)
        {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }

        state = x;
    }

    public void Dispose() => gate.Dispose();
}
