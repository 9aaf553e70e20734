using System.Collections.Concurrent;
using System.Collections.Immutable;
using Ops.Storage.Cluster;
using StackExchange.Redis;

namespace Ops.StoreScenario;

/// <summary>Readers of one key, each time at any node of its shard that the store's last look shows, as clients with READONLY do.</summary>
internal sealed class ReplicaReaders : IAsyncDisposable
{
    private const int Readers = 4;

    private readonly RedisStore _store;
    private readonly string _key;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<StoreAddress, Lazy<Task<ConnectionMultiplexer>>> _open = [];
    private readonly ConcurrentDictionary<StoreAddress, int> _answered = [];
    private Task _reading = Task.CompletedTask;
    private int _missed;

    private ReplicaReaders(RedisStore store, string key) => (_store, _key) = (store, key);

    /// <summary>Reads that were told that the key is not there.</summary>
    internal int Missed => _missed;

    internal static async Task<ReplicaReaders> StartAsync(RedisStore store, NodeView primary)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync($"{primary.Address}");
        var key = Enumerable.Range(0, 1_000_000).Select(number => $"hot{number}").First(name => primary.Slots.Contains(client.HashSlot(name)));
        await client.GetDatabase().StringSetAsync(key, "here");
        // So that no reader is early.
        (await client.GetServer(primary.Address.Host, primary.Address.Port).ExecuteAsync("WAIT", 2, 10_000)).ToString().ShouldBe("2");
        var readers = new ReplicaReaders(store, key);
        readers._reading = Task.WhenAll(Enumerable.Range(0, Readers).Select(readers.ReadAsync));
        return readers;
    }

    /// <summary>Reads that a node answered with the key.</summary>
    internal int AnsweredBy(StoreAddress address) => _answered.GetValueOrDefault(address);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
        foreach (var open in _open.Values)
            await (await open.Value).DisposeAsync();
    }

    private async Task ReadAsync(int reader)
    {
        await Task.Yield();
        var random = new Random(reader);
        while (!_stop.IsCancellationRequested)
        {
            var nodes = Nodes();
            var address = nodes[random.Next(nodes.Length)];
            try
            {
                var client = await _open.GetOrAdd(address, at => new(() => ConnectAsync(at))).Value;
                // On the same connection, which a client that reconnects may have made anew.
                var batch = client.GetDatabase().CreateBatch();
                var (asked, answer) = (batch.ExecuteAsync("READONLY"), batch.ExecuteAsync("GET", _key));
                batch.Execute();
                await asked;
                if ((await answer).IsNull)
                    Interlocked.Increment(ref _missed);
                else
                    _answered.AddOrUpdate(address, 1, (_, count) => count + 1);
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                // A node that copies or is gone says so; another is asked.
                await Task.Delay(5);
            }
        }
    }

    // A replica that has just changed its shard is asked too, while it copies.
    private ImmutableArray<StoreAddress> Nodes()
    {
        var view = _store.View;
        var slot = Ops.Storage.Slots.HashSlot.Of(_key);
        var primary = view.Nodes.Values.FirstOrDefault(node => node.Slots.Contains(slot)) ?? view.Nodes.Values.First();
        return [.. view.Nodes.Values.Where(node => node.Id == primary.Id || node.PrimaryId == primary.Id).Select(node => node.Address)];
    }

    private static Task<ConnectionMultiplexer> ConnectAsync(StoreAddress address) => ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
    {
        AbortOnConnectFail = false,
        AsyncTimeout = 2_000,
        BacklogPolicy = BacklogPolicy.FailFast,
        CommandMap = CommandMap.Create(["CLUSTER", "SUBSCRIBE"], available: false),
        EndPoints = { { address.Host, address.Port } },
    });
}
