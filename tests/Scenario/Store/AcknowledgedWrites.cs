using System.Net;
using Ops.Storage.Cluster;
using StackExchange.Redis;

namespace Ops.StoreScenario;

/// <summary>A client that writes numbered values and remembers each that the store acknowledged on a replica, or on so many, as well.</summary>
internal sealed class AcknowledgedWrites : IAsyncDisposable
{
    private readonly ConnectionMultiplexer _client;
    private readonly Func<StoreAddress, int> _copies;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<int, int> _acknowledged = [];
    private readonly Task _writing;

    private AcknowledgedWrites(ConnectionMultiplexer client, Func<StoreAddress, int> copies)
    {
        (_client, _copies) = (client, copies);
        _writing = WriteAsync();
    }

    /// <summary>Writes that failed or were not copied in time: the client was not told OK, so they may be lost.</summary>
    internal int Unacknowledged { get; private set; }

    internal int Acknowledged => _acknowledged.Count;

    /// <summary>Number of the newest write that was acknowledged.</summary>
    internal int Newest { get; private set; }

    /// <summary>Starts writing.</summary>
    /// <param name="store">The store.</param>
    /// <param name="copies">Replicas of the primary at an address that must have confirmed a write; one of each where absent.</param>
    internal static async Task<AcknowledgedWrites> StartAsync(RedisStore store, Func<StoreAddress, int>? copies = null)
    {
        var options = new ConfigurationOptions { AbortOnConnectFail = false, AsyncTimeout = 2_000, ConnectRetry = 5 };
        foreach (var address in store.Nodes.Members.Values)
            options.EndPoints.Add(address.Host, address.Port);
        return new AcknowledgedWrites(await ConnectionMultiplexer.ConnectAsync(options), copies ?? (_ => 1));
    }

    /// <summary>Stops writing and looks for every acknowledged write.</summary>
    /// <returns>Keys whose acknowledged value is not there.</returns>
    internal async Task<IReadOnlyList<int>> FindLostAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        var lost = new List<int>();
        foreach (var (key, value) in _acknowledged)
        {
            // A later write of the same key may have arrived without its acknowledgement.
            if ((int?)await ReadAsync(key) is not { } found || found < value)
                lost.Add(key);
        }

        return lost;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        _stop.Dispose();
        await _client.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        for (var sequence = 1; !_stop.IsCancellationRequested; sequence++)
        {
            var key = sequence % 5_000;
            try
            {
                var database = _client.GetDatabase();
                // The script runs on the key's primary; its connection then asks for one copy: what WAIT is for.
                await database.StringSetAsync(Key(key), sequence);
                var server = _client.GetServer((await database.IdentifyEndpointAsync(Key(key)))!);
                // Not long: a shard that lost its replica answers none in any time, and these writes are only not counted.
                var copies = _copies(Address(server.EndPoint));
                if ((int)await server.ExecuteAsync("WAIT", copies, 100) >= copies)
                    _acknowledged[key] = Newest = sequence;
                else
                    Unacknowledged++;
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                Unacknowledged++;
                await Task.Delay(20);
            }
        }
    }

    private async Task<RedisValue> ReadAsync(int key)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _client.GetDatabase().StringGetAsync(Key(key));
            }
            catch (Exception e) when (attempt < 50 && e is RedisException or TimeoutException)
            {
                await Task.Delay(100);
            }
        }
    }

    private static StoreAddress Address(EndPoint endPoint) => endPoint is IPEndPoint ip ? new(ip.Address.ToString(), ip.Port) : default;

    private static RedisKey Key(int key) => $"key:{key}";
}
