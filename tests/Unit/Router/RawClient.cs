using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ops.Router.Tests;

/// <summary>A connection that sends what no HTTP client would.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _socket = new();

    internal NetworkStream Stream => _socket.GetStream();

    internal static async Task<RawClient> ConnectAsync(RouterHost router)
    {
        var client = new RawClient();
        await client._socket.ConnectAsync(IPAddress.Loopback, router.Client.BaseAddress!.Port);
        return client;
    }

    /// <summary>Sends bytes on a connection of their own and reads until the router closes it.</summary>
    /// <returns>Everything that came. A request that the router may accept has to ask for Connection: close.</returns>
    internal static async Task<string> ExchangeAsync(RouterHost router, string request)
    {
        using var client = await ConnectAsync(router);
        try
        {
            await client.SendAsync(request);
        }
        catch (IOException)
        {
            // The router closed before it had all; what it said is what counts.
        }

        return await client.ReadToEndAsync();
    }

    internal async Task SendAsync(string text) => await Stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>What comes until the end of the connection, however it ends.</summary>
    internal async Task<string> ReadToEndAsync()
    {
        var received = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await Stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is var read and > 0)
                received.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (IOException)
        {
            // Reset: that is an end, too.
        }

        return received.ToString();
    }

    /// <summary>The status line's number, 0 where nothing was answered.</summary>
    internal static int Status(string response) =>
        response.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(response.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture) : 0;

    public void Dispose() => _socket.Dispose();
}
