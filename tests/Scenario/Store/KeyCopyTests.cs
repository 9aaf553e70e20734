using System.Text;
using Ops.Storage.Engines;
using Ops.Storage.Planning;
using Ops.Testing;
using StackExchange.Redis;

namespace Ops.StoreScenario;

/// <summary>Keys of a node outside any cluster, copied into a store of real nodes.</summary>
public sealed class KeyCopyTests
{
    [Fact]
    public async Task Keys_of_every_type_and_of_any_bytes_arrive_and_what_is_there_stays()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var store = await RedisStore.StartAsync(3);
        await store.SettleAsync();
        await using var loader = RedisNodes.Redis((await RedisBinary.FindAsync(cancellation))!, "--cluster-enabled", "no");
        await loader.StartAsync("loader", cancellation);
        await using var client = await ConnectionMultiplexer.ConnectAsync(string.Join(',', store.Nodes.Members.Values));
        await using var source = await ConnectionMultiplexer.ConnectAsync($"{loader.Members["loader"]}");
        var (there, here) = (client.GetDatabase(), source.GetDatabase());
        foreach (var key in Enumerable.Range(0, 700))
            await here.StringSetAsync($"key:{key}", $"value-{key}");
        // Larger ones, of which fewer go at once.
        foreach (var key in Enumerable.Range(0, 12))
            await here.StringSetAsync($"large:{key}", Encoding.UTF8.GetBytes(new string((char)('a' + key), 400_000)));
        await here.StringSetAsync((RedisKey)(byte[])[0, 255, 32, 10, 123, 7, 125], (byte[])[1, 0, 2]);
        await here.HashSetAsync("hash", [new("a", 1), new("b", 2)]);
        await here.ListRightPushAsync("list{tag}", [1, 2, 3]);
        await here.SortedSetAddAsync("sorted", [new("x", 1.5)]);
        await here.StreamAddAsync("stream", "field", "value");
        await here.StringSetAsync("leaving", "soon", TimeSpan.FromHours(1));
        await there.StringSetAsync("key:7", "newer");

        await using var engine = new RedisEngine(TimeProvider.System);
        var view = await engine.ObserveAsync(store.Nodes.Members, StoreGoal.LongestAnswer, cancellation);
        // A second time changes nothing.
        foreach (var time in (int[])[1, 2])
        {
            var (cursor, keys) = (0L, 0L);
            do
            {
                (cursor, var more) = await engine.CopyKeysAsync(loader.Members["loader"], cursor, view, cancellation);
                keys += more;
            }
            while (cursor != 0);
            keys.ShouldBeGreaterThanOrEqualTo(718, $"copy {time}");
        }

        await foreach (var key in source.GetServer(source.GetEndPoints()[0]).KeysAsync().WithCancellation(cancellation))
        {
            if (key == "key:7")
                continue;
            (await there.KeyDumpAsync(key)).ShouldBe(await here.KeyDumpAsync(key), $"{key}");
        }

        ((string?)await there.StringGetAsync("key:7")).ShouldBe("newer");
        (await there.KeyTimeToLiveAsync("leaving")).ShouldNotBeNull();
        (await there.KeyTimeToLiveAsync("key:1")).ShouldBeNull();
    }
}
