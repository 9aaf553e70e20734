using System.Collections.Immutable;
using System.Net.Sockets;
using Ops.Storage.Cluster;

namespace Ops.Storage.Engines;

/// <summary>
/// Tells a node that hangs from one that is busy. A node that reads its data back, or does not take our password, answers
/// with an error; one that hangs takes the connection, which is the kernel's doing, and says nothing for ever.
/// </summary>
internal sealed class LifeSigns(TimeProvider time)
{
    // Whoever hangs keeps each connection that he was asked over: 12 a minute.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    // Not PING: Garnet 2.2.8 was seen to answer that and INFO, while whatever needs its view of the cluster, GET too, waited for ever.
    private static readonly byte[] Question = "*2\r\n$7\r\nCLUSTER\r\n$4\r\nMYID\r\n"u8.ToArray();

    private readonly Since _mute = new(time);
    private ImmutableHashSet<string> _found = [];
    private long? _asked;

    /// <summary>Asks members that did not answer the last look.</summary>
    /// <param name="silent">The members, each with its address.</param>
    /// <param name="within">How long an answer is waited for.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>How long those without any sign of life have given none.</returns>
    internal async Task<ImmutableDictionary<string, TimeSpan>> LookAsync(IReadOnlyList<KeyValuePair<string, StoreAddress>> silent, TimeSpan within, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        if (_asked is { } last && time.GetElapsedTime(last, began) < Pause)
            return _mute.HowLong([.. _found.Intersect(silent.Select(one => one.Key))], began, within);
        _asked = silent.Count > 0 ? began : null;
        var lives = await Task.WhenAll(silent.Select(one => LivesAsync(one.Value, within, cancellation)));
        _found = [.. silent.Zip(lives).Where(one => !one.Second).Select(one => one.First.Key)];
        return _mute.HowLong([.. _found], began, within);
    }

    // To a port with TLS this is nonsense, which it answers with an alert or by closing; also that is something that it did.
    private async Task<bool> LivesAsync(StoreAddress address, TimeSpan within, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(within, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, limit.Token);
            await socket.SendAsync(Question, limit.Token);
            await socket.ReceiveAsync(new byte[1], limit.Token);
            return true;
        }
        catch (SocketException broken)
        {
            return broken.SocketErrorCode == SocketError.ConnectionReset;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
