using System.Net;
using System.Net.Sockets;

namespace Ops.Sandbox.Shop.Faults;

/// <summary>
/// A TCP relay in front of the service: it listens where the service is expected and carries each connection to where
/// the service really listens. With a delay, every packet in either direction is held back by that long.
/// </summary>
internal sealed class Relay(IPEndPoint listen, TimeProvider time) : IAsyncDisposable
{
    // Each connection holds two sockets and two buffers of 16 KiB: 512 need 16 MiB at the worst.
    private const int MostConnections = 512;
    private const int BufferBytes = 16 * 1024;

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim room = new(MostConnections, MostConnections);
    private Task loop = Task.CompletedTask;

    /// <summary>How long each packet is held back.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Where it listens; known once started.</summary>
    public IPEndPoint Address => (IPEndPoint)listener.LocalEndPoint!;

    /// <exception cref="SocketException">The address is taken or not ours.</exception>
    public void Start(IPEndPoint target)
    {
        listener.Bind(listen);
        listener.Listen(512);
        loop = AcceptAsync(target);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        await loop;
        stopping.Dispose();
    }

    private async Task AcceptAsync(IPEndPoint target)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await room.WaitAsync(stopping.Token);
                _ = CarryAsync(await listener.AcceptAsync(stopping.Token), target);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // That one connection did not come about.
                room.Release();
            }
        }
    }

    private async Task CarryAsync(Socket client, IPEndPoint target)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using (client)
            {
                await server.ConnectAsync(target, stopping.Token);
                client.NoDelay = server.NoDelay = true;
                await Task.WhenAll(PumpAsync(client, server), PumpAsync(server, client));
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One side is gone; both are closed.
        }
        finally
        {
            room.Release();
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            for (int count; (count = await from.ReceiveAsync(buffer, stopping.Token)) > 0;)
            {
                if (Delay is { Ticks: > 0 } delay)
                    await Task.Delay(delay, time, stopping.Token);
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), stopping.Token);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            from.Close(0);
            to.Close(0);
            throw;
        }
    }
}
