using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Ops.Storage.Cluster;

namespace Ops.Bench.Store;

/// <summary>An error that the engine answered, in its words.</summary>
internal sealed record RespError(string Words);

/// <summary>
/// One TCP connection that speaks RESP2, for one caller at a time. A client library is not used here on purpose: WAIT counts
/// the writes of its own connection, and a library that reconnects in between would make it confirm what was lost.
/// </summary>
internal sealed class RespConnection : IDisposable
{
    private readonly TcpClient _tcp;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    private RespConnection(TcpClient tcp) => _tcp = tcp;

    /// <summary>Connects.</summary>
    /// <exception cref="IOException">Nobody listens, or nobody answered in time.</exception>
    public static async Task<RespConnection> OpenAsync(StoreAddress address, TimeSpan within, CancellationToken cancellation)
    {
        var tcp = new TcpClient { NoDelay = true };
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(within);
            await tcp.ConnectAsync(address.Host, address.Port, limit.Token);
            return new RespConnection(tcp);
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            tcp.Dispose();
            throw new IOException($"{address} takes no connection", e);
        }
    }

    /// <summary>Sends commands in one piece and reads as many answers: text, number, list, null or <see cref="RespError"/>.</summary>
    /// <exception cref="IOException">The connection broke or an answer took too long; it must not be used again.</exception>
    public async Task<object?[]> AskAsync(TimeSpan within, CancellationToken cancellation, params string[][] commands)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(within);
        try
        {
            var stream = _tcp.GetStream();
            await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(commands.Select(Text))), limit.Token);
            var answers = new object?[commands.Length];
            for (var i = 0; i < answers.Length; i++)
                answers[i] = await ReadAsync(limit.Token);
            return answers;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new IOException("no answer", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _tcp.Dispose();

    // *2\r\n$3\r\nGET\r\n$1\r\nk\r\n
    private static string Text(string[] command) =>
        $"*{command.Length}\r\n{string.Concat(command.Select(word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n"))}";

    private async Task<object?> ReadAsync(CancellationToken cancellation)
    {
        var line = await LineAsync(cancellation);
        switch (line[0])
        {
            case '-':
                return new RespError(line[1..]);
            case ':':
                return long.Parse(line.AsSpan(1), CultureInfo.InvariantCulture);
            case '$':
                return int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture) is >= 0 and var length ? await BulkAsync(length, cancellation) : null;
            case '*':
                var list = new object?[Math.Max(0, int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture))];
                for (var i = 0; i < list.Length; i++)
                    list[i] = await ReadAsync(cancellation);
                return list;
            default:
                return line[1..];
        }
    }

    private async Task<string> LineAsync(CancellationToken cancellation)
    {
        var line = new StringBuilder();
        while (true)
        {
            while (_start < _end)
            {
                var one = (char)_buffer[_start++];
                if (one == '\n')
                    return line.Length > 0 ? line.ToString() : throw new IOException("an empty line");
                if (one != '\r')
                    line.Append(one);
            }

            await FillAsync(cancellation);
        }
    }

    private async Task<string> BulkAsync(int length, CancellationToken cancellation)
    {
        var bytes = new byte[length + 2];
        for (var read = 0; read < bytes.Length;)
        {
            if (_start == _end)
                await FillAsync(cancellation);
            var take = Math.Min(bytes.Length - read, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(bytes.AsSpan(read));
            (_start, read) = (_start + take, read + take);
        }

        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        (_start, _end) = (0, await _tcp.GetStream().ReadAsync(_buffer, cancellation));
        if (_end == 0)
            throw new IOException("the node closed the connection");
    }
}
