using System.Net;
using System.Net.Sockets;

namespace Ops.Sandbox.Node;

/// <summary>
/// The loopback addresses of one sandbox: a range for its pods and one for its Services that no other sandbox on this machine
/// has. They are held by listening on the first address of the pods, which no pod gets: however the process ends, they are free again.
/// </summary>
public sealed class LoopbackRanges : IDisposable
{
    /// <summary>How many pairs of ranges a machine has.</summary>
    public const int Pairs = 64;

    // The kubelet's own port, and in place of one: nothing else listens there.
    private const int Port = 10250;

    private readonly Socket claim;

    private LoopbackRanges(int pair, Socket claim)
    {
        Pair = pair;
        this.claim = claim;
    }

    /// <summary>Its number among the pairs. 0 has the defaults of <see cref="NodeOptions"/>.</summary>
    public int Pair { get; }

    /// <summary>One address for each pod, for example 127.10.0.0/16.</summary>
    public string Pods => PodsOf(Pair);

    /// <summary>One address for each Service, for example 127.96.0.0/16.</summary>
    public string Services => $"127.{96 + Pair}.0.0/16";

    /// <summary>Takes a pair, or null when another sandbox has it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such pair.</exception>
    public static LoopbackRanges? TryTake(int pair)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pair);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(pair, Pairs);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPNetwork.Parse(PodsOf(pair)).BaseAddress, Port));
            socket.Listen();
            return new LoopbackRanges(pair, socket);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            if (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
                return null;
            throw;
        }
    }

    /// <summary>Takes a free pair other than 0: the one that a seed prefers, or else the next.</summary>
    /// <exception cref="InvalidOperationException">Other sandboxes have them all.</exception>
    public static LoopbackRanges Take(uint seed)
    {
        for (uint tried = 0; tried < Pairs - 1; tried++)
            if (TryTake((int)(1 + ((seed % (Pairs - 1)) + tried) % (Pairs - 1))) is { } free)
                return free;
        throw new InvalidOperationException($"all {Pairs - 1} pairs of loopback ranges are taken by other sandboxes; stop one of them");
    }

    /// <inheritdoc/>
    public void Dispose() => claim.Dispose();

    private static string PodsOf(int pair) => $"127.{10 + pair}.0.0/16";
}
