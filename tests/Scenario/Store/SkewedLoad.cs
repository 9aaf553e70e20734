using System.Collections.Concurrent;
using System.Collections.Immutable;
using Ops.Storage.Cluster;
using StackExchange.Redis;

namespace Ops.StoreScenario;

/// <summary>Readers whose requests go to forty slots of one shard, by Zipf's law with exponent 1.1.</summary>
internal sealed class SkewedLoad : IAsyncDisposable
{
    private const int Readers = 4;

    private readonly ConnectionMultiplexer _client;
    private readonly ImmutableArray<string> _keys;
    private readonly ImmutableArray<double> _shares;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;
    private int _requests;
    private readonly ConcurrentDictionary<string, int> _failures = [];

    private SkewedLoad(ConnectionMultiplexer client, ImmutableArray<int> slots)
    {
        _client = client;
        Slots = slots;
        var weights = slots.Select((_, index) => Math.Pow(index + 1, -1.1)).ToList();
        _shares = [.. weights.Select(weight => weight / weights.Sum())];
        var keys = Enumerable.Range(0, 2_000_000).Select(number => $"k{number}").ToLookup(key => client.HashSlot(key));
        _keys = [.. slots.Select(slot => keys[slot].First())];
        _reading = Task.WhenAll(Enumerable.Range(0, Readers).Select(ReadAsync));
    }

    /// <summary>The slots that are used, hottest first.</summary>
    internal ImmutableArray<int> Slots { get; }

    internal int Requests => _requests;

    /// <summary>What went wrong, and how often.</summary>
    internal IReadOnlyDictionary<string, int> Failures => _failures;

    internal static async Task<SkewedLoad> StartAsync(RedisStore store, NodeView hot)
    {
        var options = new ConfigurationOptions { AbortOnConnectFail = false, AsyncTimeout = 10_000 };
        foreach (var address in store.Nodes.Members.Values)
            options.EndPoints.Add(address.Host, address.Port);
        return new SkewedLoad(await ConnectionMultiplexer.ConnectAsync(options), [.. hot.Slots.Enumerate().Where((_, index) => index % 100 == 7).Take(40)]);
    }

    /// <summary>What the busiest primary gets of the requests over the mean of all: known from who has the slots, not measured.</summary>
    internal double Skew(IEnumerable<NodeView> primaries)
    {
        var loads = primaries.Select(node => Slots.Select((slot, index) => node.Slots.Contains(slot) ? _shares[index] : 0).Sum()).ToList();
        return loads.Max() / loads.Average();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
        await _client.DisposeAsync();
    }

    private async Task ReadAsync(int reader)
    {
        await Task.Yield();
        var random = new Random(reader);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var at = random.NextDouble();
                var index = 0;
                while (index < _shares.Length - 1 && (at -= _shares[index]) > 0)
                    index++;
                await _client.GetDatabase().StringGetAsync(_keys[index]);
                Interlocked.Increment(ref _requests);
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                _failures.AddOrUpdate(e.Message, 1, (_, count) => count + 1);
            }
        }
    }
}
