using System.Collections.Immutable;
using System.Net.Sockets;
using Ops.Storage.Cluster;
using Ops.Testing;

namespace Ops.StoreScenario;

/// <summary>Real processes of an engine, each on a loopback address and in a folder of its own, as pods with a volume are.</summary>
/// <param name="server">The server's executable.</param>
/// <param name="arguments">Its arguments for an address and a folder.</param>
internal sealed class RedisNodes(string server, Func<StoreAddress, string, IEnumerable<string>> arguments) : IAsyncDisposable
{
    // Shared by the stores of tests that run at the same time. 250 addresses go round; no store starts so many nodes in its life.
    private static int _addresses;

    // The port of this run; the nodes differ by address. The cluster bus is 10,000 above.
    private readonly int _port = 20_000 + Environment.ProcessId % 10_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("ops-store-").FullName;
    private readonly Dictionary<string, (ChildProcess Process, StoreAddress Address)> _running = [];

    internal ImmutableSortedDictionary<string, StoreAddress> Members => _running.ToImmutableSortedDictionary(node => node.Key, node => node.Value.Address);

    /// <summary>Nodes of redis-server.</summary>
    /// <param name="server">The server's executable.</param>
    /// <param name="more">Arguments beside the usual ones.</param>
    internal static RedisNodes Redis(string server, params string[] more) => new(server, (address, folder) =>
    [
        "--bind", address.Host, "--port", $"{address.Port}", "--dir", folder, "--protected-mode", "no",
        "--cluster-enabled", "yes", "--cluster-announce-ip", address.Host, "--cluster-node-timeout", "2000",
        "--cluster-require-full-coverage", "no", "--cluster-allow-replica-migration", "no",
        "--appendonly", "yes", "--repl-diskless-sync-delay", "0", .. more,
    ]);

    /// <summary>Nodes of garnet-server, as the operator's pods start it, with the least memory.</summary>
    internal static RedisNodes Garnet(string server) => new(server, (address, folder) =>
    [
        "--bind", address.Host, "--port", $"{address.Port}", "--checkpointdir", folder,
        "--cluster", "--cluster-announce-ip", address.Host, "--cluster-timeout", "2", "--gossip-delay", "1",
        "--cluster-replica-resume-with-data", "--cluster-replication-reestablishment-timeout", "1",
        "--aof", "--recover", "--device-type", "RandomAccess", "--memory", "64m", "--index", "4m", "--aof-memory", "64m",
    ]);

    /// <summary>Starts a member, or starts it again with its volume and a new address.</summary>
    /// <param name="member">The member.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <param name="at">An address that it keeps: the client of these tests looks for nobody whom it was not told of.</param>
    internal async Task StartAsync(string member, CancellationToken cancellation, StoreAddress? at = null)
    {
        await StopAsync(member);
        var folder = Directory.CreateDirectory(Path.Combine(_folder, member)).FullName;
        var address = at ?? new StoreAddress($"127.{100 + Environment.ProcessId % 100}.{Environment.ProcessId / 100 % 250}.{1 + (Interlocked.Increment(ref _addresses) % 250)}", _port);
        var process = ChildProcess.Start(
            server,
            arguments(address, folder),
            Path.Combine(_folder, member + ".log"));
        _running[member] = (process, address);
        while (!await ListensAsync(address, cancellation))
        {
            if (process.HasExited)
                throw new InvalidOperationException($"{member} ended:\n{process.Tail()}");
            await Task.Delay(50, cancellation);
        }
    }

    /// <summary>kill -9; the member stays listed under its last address, as a pod that has just died.</summary>
    internal async Task KillAsync(string member, CancellationToken cancellation)
    {
        var (process, _) = _running[member];
        await process.SignalAsync("KILL");
        await process.WaitForExitAsync(cancellation);
    }

    internal async Task StopAsync(string member)
    {
        if (_running.Remove(member, out var node))
            await node.Process.DisposeAsync();
    }

    /// <summary>Stops a member and takes its volume.</summary>
    internal async Task EmptyAsync(string member)
    {
        await StopAsync(member);
        Directory.Delete(Path.Combine(_folder, member), recursive: true);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _running.Keys.ToList())
            await StopAsync(member);
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<bool> ListensAsync(StoreAddress address, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address.Host, address.Port, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
