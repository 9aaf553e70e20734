using System.Net.Sockets;
using System.Text;
using Ops.Api;

namespace Ops.OperatorScenario;

/// <summary>A client of a store: commands of plain words, sent on to wherever the store says that a key lives.</summary>
internal sealed class StoreClient(string address, string? password) : IDisposable
{
    private readonly Dictionary<string, (TcpClient Client, StreamReader Reader)> open = [];

    /// <summary>The answer as text: of a bulk its content, of an array its elements one a line; "" for nothing.</summary>
    internal async Task<string> CallAsync(string command)
    {
        var at = address;
        // Two moves of a key while it is asked for would be two more than these tests make.
        for (var hop = 0; hop < 3; hop++)
        {
            var answer = await AskAsync(at, command);
            // -MOVED 3999 127.0.0.1:6379
            if (!answer.StartsWith("-MOVED ", StringComparison.Ordinal))
                return answer;
            at = answer.Split(' ')[2].Split(':')[0];
        }

        throw new InvalidOperationException($"{command}: moved on and on");
    }

    /// <summary>The answer of one node.</summary>
    internal async Task<string> AskAsync(string node, string command)
    {
        if (!open.TryGetValue(node, out var connection))
        {
            var client = new TcpClient();
            await client.ConnectAsync(node, WellKnown.StorePort, TestContext.Current.CancellationToken);
            open[node] = connection = (client, new StreamReader(client.GetStream()));
            if (password is not null && await ExchangeAsync(connection, $"AUTH {password}") is not "OK" and var refusal)
                return refusal;
        }

        return await ExchangeAsync(connection, command);
    }

    public void Dispose()
    {
        foreach (var (client, _) in open.Values)
            client.Dispose();
    }

    private static async Task<string> ExchangeAsync((TcpClient Client, StreamReader Reader) connection, string command)
    {
        await connection.Client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"), TestContext.Current.CancellationToken);
        return await ReadAsync(connection.Reader);
    }

    private static async Task<string> ReadAsync(StreamReader reader)
    {
        var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new IOException("the node closed the connection");
        switch (line[0])
        {
            case '-':
                return line;
            case '$':
                return line == "$-1" ? "" : await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? "";
            case '*':
                var elements = new List<string>();
                for (var left = int.Parse(line.AsSpan(1)); left > 0; left--)
                    elements.Add(await ReadAsync(reader));
                return string.Join('\n', elements);
            default:
                return line[1..];
        }
    }
}
