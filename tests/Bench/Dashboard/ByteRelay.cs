using System.Net;
using System.Net.Sockets;

namespace Ops.Bench.Dashboard;

/// <summary>A port of this process that leads to another one and counts what goes through: bytes as they are on the wire, compressed and with headers.</summary>
internal sealed class ByteRelay : IAsyncDisposable
{
    // 64 viewers with six connections each.
    private const int MaxConnections = 400;

    private readonly CancellationTokenSource ending = new();
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly SemaphoreSlim places = new(MaxConnections, MaxConnections);
    private readonly IPEndPoint target;
    private readonly Task accepting;
    private long down;

    public ByteRelay(Uri to)
    {
        target = new(IPAddress.Parse(to.Host), to.Port);
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>The address that leads there.</summary>
    public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>Bytes from the server so far.</summary>
    public long Down => Interlocked.Read(ref down);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
        places.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            await places.WaitAsync(ending.Token);
            var client = await listener.AcceptTcpClientAsync(ending.Token);
            _ = CarryAsync(client);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient { NoDelay = true };
        near.NoDelay = true;
        try
        {
            await far.ConnectAsync(target, ending.Token);
            var (inside, outside) = (far.GetStream(), near.GetStream());
            await Task.WhenAny(CopyAsync(inside, outside, isDown: true), CopyAsync(outside, inside, isDown: false));
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
        {
            // One side is gone; the other learns it by the closed connection.
        }
        finally
        {
            if (!ending.IsCancellationRequested)
                places.Release();
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool isDown)
    {
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await from.ReadAsync(buffer, ending.Token)) > 0)
        {
            if (isDown)
                Interlocked.Add(ref down, read);
            await to.WriteAsync(buffer.AsMemory(0, read), ending.Token);
        }
    }
}
