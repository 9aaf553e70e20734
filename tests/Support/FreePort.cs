using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Ops.Testing;

/// <summary>A port of 127.0.0.1 that nothing has, for a server that must be told one before it listens.</summary>
public static class FreePort
{
    // What this process was given: nobody else here gets it, though its server may not listen yet.
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>
    /// Below the node ports and the system's own range, from which every outgoing connection takes a port: what port 0 finds
    /// may be somebody's before the server listens.
    /// </summary>
    public static int Any() => Take(20_000, 30_000);

    /// <summary>One for a Service of type NodePort, apart from those of a user's ./ops up.</summary>
    public static int ForNode() => Take(30_100, 32_700);

    private static int Take(int from, int until)
    {
        // Not from the first on, since other processes look for one too: a prime keeps those started one after another apart.
        var start = (int)(Environment.ProcessId * 7919L % (until - from));
        for (var tried = 0; tried < until - from; tried++)
        {
            var port = from + ((start + tried) % (until - from));
            if (Given.TryAdd(port, true) && IsFree(port))
                return port;
        }

        throw new InvalidOperationException($"every port of 127.0.0.1 from {from} to {until} is taken");
    }

    private static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
