using System.Net;
using System.Net.Sockets;

namespace Ops.Cli.Up;

/// <summary>Finds a taken port before anything is started.</summary>
internal static class PortCheck
{
    /// <summary>Throws when something else listens on a port of 127.0.0.1; 0 asks for any free port and is always well.</summary>
    /// <param name="port">The port.</param>
    /// <param name="use">What it is for, as the sentence's beginning needs it: "the API server".</param>
    /// <param name="remedy">What the user can do.</param>
    /// <exception cref="UserError">The port is taken or may not be used.</exception>
    public static void EnsureFree(int port, string use, string remedy)
    {
        if (port == 0)
            return;
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new UserError($"Port {port} on 127.0.0.1, which {use} needs, is taken by another program; {remedy}");
        }
        catch (SocketException error)
        {
            throw new UserError($"Port {port} on 127.0.0.1, which {use} needs, cannot be used ({error.Message}); {remedy}");
        }
    }
}
