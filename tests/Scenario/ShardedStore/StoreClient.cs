using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ops.Api;
using Ops.OperatorScenario;

namespace Ops.ShardedStoreScenario;

/// <summary>A client of a store: commands of plain words, sent on to wherever the store says that a key lives.</summary>
/// <param name="address">A node.</param>
/// <param name="password">The password; null for none.</param>
/// <param name="root">The root, as PEM, that has to vouch for the nodes; null where no TLS is spoken.</param>
internal sealed class StoreClient(string address, string? password, string? root = null) : IDisposable
{
    private readonly Dictionary<string, (TcpClient Client, Stream Stream, StreamReader Reader)> open = [];

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
            var stream = root is null ? client.GetStream() : (Stream)await SecureAsync(client.GetStream(), root);
            open[node] = connection = (client, stream, new StreamReader(stream));
            if (password is not null && await ExchangeAsync(connection, $"AUTH {password}") is not "OK" and var refusal)
                return refusal;
        }

        return await ExchangeAsync(connection, command);
    }

    public void Dispose()
    {
        foreach (var (client, _, _) in open.Values)
            client.Dispose();
    }

    /// <summary>TLS over a stream, with a node that the root vouches for; pod addresses are in no certificate.</summary>
    internal static async Task<SslStream> SecureAsync(Stream stream, string root)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(root);
        var secure = new SslStream(stream, leaveInnerStreamOpen: false, (_, _, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "store", CertificateChainPolicy = policy }, TestContext.Current.CancellationToken);
        return secure;
    }

    private static async Task<string> ExchangeAsync((TcpClient Client, Stream Stream, StreamReader Reader) connection, string command)
    {
        // As clients send it; Garnet does not read a command that is typed as a line.
        var words = command.Split(' ');
        var sent = $"*{words.Length}\r\n{string.Concat(words.Select(word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n"))}";
        await connection.Stream.WriteAsync(Encoding.UTF8.GetBytes(sent), TestContext.Current.CancellationToken);
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
