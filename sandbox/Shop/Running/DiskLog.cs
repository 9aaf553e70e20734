using Prometheus;

namespace Ops.Sandbox.Shop.Running;

/// <summary>A log on disk: appended to and flushed to the device, one writer at a time; begun anew at 8 MiB.</summary>
internal sealed class DiskLog : IDisposable
{
    private const long MostBytes = 8 << 20;

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly FileStream file;
    private readonly Counter seconds;
    private readonly Counter writes;
    private readonly Counter bytes;
    private readonly TimeProvider time;

    public DiskLog(string folder, Counter seconds, Counter writes, Counter bytes, TimeProvider time)
    {
        (this.seconds, this.writes, this.bytes, this.time) = (seconds, writes, bytes, time);
        Directory.CreateDirectory(folder);
        file = new FileStream(Path.Combine(folder, "log"), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <summary>What the device takes in a second; null for all that it can.</summary>
    public double? BytesPerSecond { get; set; }

    /// <summary>Returns when the bytes are on the device.</summary>
    public async Task WriteAsync(int count)
    {
        var start = time.GetTimestamp();
        await gate.WaitAsync();
        try
        {
            if (BytesPerSecond is { } rate)
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(5, count / rate)), time);
            if (file.Length + count > MostBytes)
                file.SetLength(0);
            file.Position = file.Length;
            await file.WriteAsync(new byte[count]);
            file.Flush(flushToDisk: true);
            bytes.Inc(count);
        }
        finally
        {
            gate.Release();
            seconds.Inc(time.GetElapsedTime(start).TotalSeconds);
            writes.Inc();
        }
    }

    public void Dispose()
    {
        file.Dispose();
        gate.Dispose();
    }
}
