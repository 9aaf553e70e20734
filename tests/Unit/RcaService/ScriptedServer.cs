using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ops.Rca.Service.Tests;

/// <summary>An HTTP server that answers byte by byte what a test tells it, right or wrong.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;

    /// <summary>Starts a server; the function gets the path and the form and returns the whole answer, or null for none ever.</summary>
    public ScriptedServer(Func<string, IReadOnlyDictionary<string, string>, string?> answer)
    {
        listener.Start();
        serving = ServeAsync(answer);
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    /// <summary>A complete answer.</summary>
    public static string Ok(string body, string type = "application/json") => $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        // The token ends the waiting for connections; a listener that has stopped refuses to wait at all.
        await stop.CancelAsync();
        await serving;
        listener.Stop();
        stop.Dispose();
    }

    private async Task ServeAsync(Func<string, IReadOnlyDictionary<string, string>, string?> answer)
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(AnswerAsync(await listener.AcceptTcpClientAsync(stop.Token), answer));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task AnswerAsync(TcpClient client, Func<string, IReadOnlyDictionary<string, string>, string?> answer)
    {
        using (client)
            try
            {
                var stream = client.GetStream();
                var (path, form) = await RequestAsync(stream);
                if (answer(path, form) is { } text)
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(text), stop.Token);
                else
                    await Task.Delay(Timeout.Infinite, stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The test is over, or the client hung up.
            }
    }

    private async Task<(string Path, IReadOnlyDictionary<string, string> Form)> RequestAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[16 << 10];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, stop.Token);
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            var all = text.ToString();
            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (read == 0 && end < 0)
                throw new IOException("The client hung up.");
            if (read == 0 || (end >= 0 && all.Length - end - 4 >= LengthOf(all[..end])))
                return (all.Split(' ')[1], Form(all[(end + 4)..]));
        }
    }

    private static int LengthOf(string head) => head.Split("\r\n")
        .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Select(line => int.Parse(line.Split(':')[1])).FirstOrDefault();

    private static Dictionary<string, string> Form(string body) => body.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('='))
        .ToDictionary(pair => WebUtility.UrlDecode(pair[0]), pair => WebUtility.UrlDecode(pair[1]));
}
