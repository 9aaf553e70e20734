using System.Net;
using System.Net.Sockets;

namespace Ops.Sandbox.Node.Services;

/// <summary>One listening address of a Service: takes TCP connections and carries each to one ready endpoint.</summary>
internal sealed class ServiceForwarder : IAsyncDisposable
{
    /// <summary>Connections at once through one listener; each holds two sockets and two 32 KiB buffers, so 4096 need 256 MiB at the worst.</summary>
    private const int MaxConnections = 4096;

    private const int BufferSize = 32 * 1024;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    private readonly Socket listener;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim room = new(MaxConnections, MaxConnections);
    private readonly Task loop;
    private volatile IReadOnlyList<IPEndPoint> targets = [];
    private uint next;
    private int open;

    /// <exception cref="SocketException">The address is taken or not ours.</exception>
    public ServiceForwarder(IPEndPoint address, TimeProvider clock)
    {
        this.clock = clock;
        listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(address);
            listener.Listen(1024);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
        loop = Task.Run(AcceptAsync);
    }

    /// <summary>Connections now under way.</summary>
    public int Open => Volatile.Read(ref open);

    /// <summary>Where new connections go; those under way stay where they are.</summary>
    public void Target(IReadOnlyList<IPEndPoint> endpoints) => targets = endpoints;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        await loop;
        stopping.Dispose();
        room.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new HashSet<Task>();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await room.WaitAsync(stopping.Token);
                var client = await listener.AcceptAsync(stopping.Token);
                var connection = CarryAsync(client);
                connections.Add(connection);
                connections.RemoveWhere(static one => one.IsCompleted);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
            {
                break;
            }
            catch (SocketException)
            {
                // That one connection did not come about.
                room.Release();
            }
        }
        await Task.WhenAll(connections);
    }

    private async Task CarryAsync(Socket client)
    {
        Interlocked.Increment(ref open);
        try
        {
            using (client)
            using (var server = await ConnectAsync())
            {
                // Without an endpoint the client is reset, as kube-proxy rejects it.
                if (server is null)
                {
                    client.LingerState = new LingerOption(true, 0);
                    return;
                }
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
            Interlocked.Decrement(ref open);
            room.Release();
        }
    }

    /// <summary>Round robin, going on to the next when one refuses.</summary>
    private async Task<Socket?> ConnectAsync()
    {
        var candidates = targets;
        for (var tried = 0; tried < candidates.Count; tried++)
        {
            var target = candidates[(int)(Interlocked.Increment(ref next) % (uint)candidates.Count)];
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                using var limit = new CancellationTokenSource(ConnectTimeout, clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping.Token);
                await socket.ConnectAsync(target, either.Token);
                return socket;
            }
            catch (Exception refused) when (refused is SocketException or OperationCanceledException)
            {
                socket.Dispose();
                stopping.Token.ThrowIfCancellationRequested();
            }
        }
        return null;
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (int count; (count = await from.ReceiveAsync(buffer, stopping.Token)) > 0;)
            {
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), stopping.Token);
            }
            // Half-close: the other direction may still have something to say.
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            // A broken direction ends both, as a reset would.
            from.Close(0);
            to.Close(0);
            throw;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
