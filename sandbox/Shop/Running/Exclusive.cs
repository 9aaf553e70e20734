using Prometheus;

namespace Ops.Sandbox.Shop.Running;

/// <summary>A lock that one request at a time holds; the time spent waiting for it is counted.</summary>
internal sealed class Exclusive(Counter waitSeconds, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);

    public async Task HoldAsync(Func<Task> inside)
    {
        var start = time.GetTimestamp();
        await gate.WaitAsync();
        try
        {
            waitSeconds.Inc(time.GetElapsedTime(start).TotalSeconds);
            await inside();
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();
}
