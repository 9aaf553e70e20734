using StackExchange.Redis;

namespace Ops.StoreScenario;

/// <summary>A client that writes numbered values and remembers each that the store acknowledged on a replica as well.</summary>
internal sealed class AcknowledgedWrites : IAsyncDisposable
{
    private readonly ConnectionMultiplexer _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<int, int> _acknowledged = [];
    private readonly Task _writing;

    private AcknowledgedWrites(ConnectionMultiplexer client)
    {
        _client = client;
        _writing = WriteAsync();
    }

    /// <summary>Writes that failed or were not copied in time: the client was not told OK, so they may be lost.</summary>
    internal int Unacknowledged { get; private set; }

    internal int Acknowledged => _acknowledged.Count;

    /// <summary>Number of the newest write that was acknowledged.</summary>
    internal int Newest { get; private set; }

    internal static async Task<AcknowledgedWrites> StartAsync(RedisStore store)
    {
        var options = new ConfigurationOptions { AbortOnConnectFail = false, AsyncTimeout = 2_000, ConnectRetry = 5 };
        foreach (var address in store.Nodes.Members.Values)
            options.EndPoints.Add(address.Host, address.Port);
        return new AcknowledgedWrites(await ConnectionMultiplexer.ConnectAsync(options));
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
                if ((int)await server.ExecuteAsync("WAIT", 1, 100) >= 1)
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

    private static RedisKey Key(int key) => $"key:{key}";
}
