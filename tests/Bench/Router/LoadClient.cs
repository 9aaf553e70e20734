using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ops.Bench.Router;

/// <summary>What a number of connections saw.</summary>
/// <param name="Answered">Whole answers with status 200.</param>
/// <param name="Failed">Anything else.</param>
/// <param name="LatenciesMs">Request to last byte, of answered requests, ascending.</param>
/// <param name="ChunkDelaysMs">Upstream's write to client's read, of every chunk seen whole, ascending.</param>
/// <param name="Reasons">What the failed ones got instead, and how often.</param>
internal sealed record LoadResult(int Answered, int Failed, double[] LatenciesMs, double[] ChunkDelaysMs, IReadOnlyDictionary<string, int> Reasons)
{
    /// <summary>The reasons in a line; empty when nothing failed.</summary>
    public string Why => string.Join(", ", Reasons.OrderByDescending(reason => reason.Value).Take(3).Select(reason => $"{reason.Value} x {reason.Key}"));

    /// <summary>The given quantile of an ascending list; not a number when it is empty.</summary>
    public static double Quantile(double[] ascending, double q) => ascending.Length == 0 ? double.NaN : ascending[(int)Math.Min(ascending.Length - 1, q * ascending.Length)];
}

/// <summary>
/// A closed loop over plain sockets: each connection sends the same bytes again when the answer is whole. It parses no
/// more than it must, because its own CPU time would hide the contenders' on shared cores.
/// </summary>
internal sealed class LoadClient
{
    private static readonly byte[] TimeKey = Encoding.ASCII.GetBytes(Wire.TimeKey);

    private readonly IPEndPoint _target;
    private readonly byte[] _request;
    private readonly List<double> _latencies = [];
    private readonly List<double> _delays = [];
    private readonly byte[] _buffer = new byte[64 << 10];
    private readonly Dictionary<string, int> _failed = [];

    private LoadClient(IPEndPoint target, byte[] request) => (_target, _request) = (target, request);

    /// <summary>Runs the loop on all connections for the given time; running requests are waited for.</summary>
    /// <param name="target">Where they go.</param>
    /// <param name="request">What each sends.</param>
    /// <param name="connections">How many there are.</param>
    /// <param name="duration">How long requests are begun.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <param name="arrival">Over how long the connections begin, one after the other; by default all at once.</param>
    internal static async Task<LoadResult> RunAsync(Contender target, byte[] request, int connections, TimeSpan duration, CancellationToken cancellation, TimeSpan arrival = default)
    {
        var clients = Enumerable.Range(0, connections).Select(_ => new LoadClient(target.Address, request)).ToList();
        var until = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(clients.Select((c, i) => Task.Run(() => c.LoopAsync(arrival * i / connections, until, cancellation), cancellation)));
        return new LoadResult(
            clients.Sum(c => c._latencies.Count),
            clients.Sum(c => c._failed.Values.Sum()),
            [.. clients.SelectMany(c => c._latencies).Order()],
            [.. clients.SelectMany(c => c._delays).Order()],
            clients.SelectMany(c => c._failed).GroupBy(reason => reason.Key).ToDictionary(reason => reason.Key, reason => reason.Sum(one => one.Value)));
    }

    private async Task LoopAsync(TimeSpan wait, long until, CancellationToken cancellation)
    {
        Socket? socket = null;
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, cancellation);
        while (Stopwatch.GetTimestamp() < until && !cancellation.IsCancellationRequested)
        {
            try
            {
                socket ??= await ConnectAsync(cancellation);
                var started = Stopwatch.GetTimestamp();
                if (await ExchangeAsync(socket, cancellation) is not { } failure)
                {
                    _latencies.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                    continue;
                }

                Count(failure);
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                Count(e.Message);
            }

            socket?.Dispose();
            socket = null;
        }

        socket?.Dispose();
    }

    private void Count(string failure) => _failed[failure] = _failed.GetValueOrDefault(failure) + 1;

    private async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        var socket = new Socket(_target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_target, cancellation);
        return socket;
    }

    // Null when the answer came whole with status 200.
    private async Task<string?> ExchangeAsync(Socket socket, CancellationToken cancellation)
    {
        for (var sent = 0; sent < _request.Length;)
            sent += await socket.SendAsync(_request.AsMemory(sent), cancellation);

        var (length, bodyStart) = (0, -1);
        while (bodyStart < 0)
        {
            var read = await socket.ReceiveAsync(_buffer.AsMemory(length), cancellation);
            if (read == 0)
                return "closed before an answer";
            length += read;
            var end = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            bodyStart = end < 0 ? -1 : end + 4;
        }

        var head = Encoding.ASCII.GetString(_buffer, 0, bodyStart);
        var rest = _buffer.AsMemory(bodyStart, length - bodyStart);
        var complete = ContentLength(head) is { } promised
            ? await SkipAsync(socket, promised - rest.Length, cancellation)
            : await ReadChunksAsync(socket, rest, cancellation);
        if (!head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
            return head[..head.IndexOf('\r')];
        return complete ? null : "closed within the answer";
    }

    private async Task<bool> SkipAsync(Socket socket, int left, CancellationToken cancellation)
    {
        while (left > 0)
        {
            var read = await socket.ReceiveAsync(_buffer, cancellation);
            if (read == 0)
                return false;
            left -= read;
        }

        return true;
    }

    // Nothing is sent ahead, so the answer ends where its last chunk does: "\r\n0\r\n\r\n", and no other bytes follow.
    private async Task<bool> ReadChunksAsync(Socket socket, ReadOnlyMemory<byte> piece, CancellationToken cancellation)
    {
        var tail = "";
        while (true)
        {
            NoteDelays(piece.Span);
            tail += Encoding.Latin1.GetString(piece.Span[^Math.Min(7, piece.Length)..]);
            tail = tail.Length > 7 ? tail[^7..] : tail;
            if (tail == "\r\n0\r\n\r\n")
                return true;
            var read = await socket.ReceiveAsync(_buffer, cancellation);
            if (read == 0)
                return false;
            piece = _buffer.AsMemory(0, read);
        }
    }

    private void NoteDelays(ReadOnlySpan<byte> piece)
    {
        var now = Stopwatch.GetTimestamp();
        while (piece.IndexOf(TimeKey) is var at and >= 0)
        {
            piece = piece[(at + TimeKey.Length)..];
            if (piece.Length > 19 && Utf8Parser.TryParse(piece[..19], out long sent, out _))
                _delays.Add(Stopwatch.GetElapsedTime(sent, now).TotalMilliseconds);
        }
    }

    private static int? ContentLength(string head)
    {
        const string Name = "\r\ncontent-length:";
        var at = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : int.Parse(head.AsSpan(at + Name.Length, head.IndexOf('\r', at + Name.Length) - at - Name.Length));
    }
}
