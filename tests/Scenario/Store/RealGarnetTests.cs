using System.Diagnostics;
using Ops.Storage.Planning;
using StackExchange.Redis;

namespace Ops.StoreScenario;

/// <summary>The planner as the elector of a real engine that has no election: garnet-server processes in cluster mode.</summary>
public sealed class RealGarnetTests
{
    private const int Keys = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_primary_that_is_killed_is_replaced_by_its_replica_with_all_keys_and_comes_back_as_a_replica(int shards)
    {
        await using var store = await RedisStore.StartGarnetAsync(shards);
        await store.SettleAsync();
        store.ExpectWhole(shards);
        var options = new ConfigurationOptions { AbortOnConnectFail = false, AsyncTimeout = 5_000 };
        foreach (var address in store.Nodes.Members.Values)
            options.EndPoints.Add(address.Host, address.Port);
        await using var client = await ConnectionMultiplexer.ConnectAsync(options);
        for (var key = 0; key < Keys; key++)
            await client.GetDatabase().StringSetAsync($"key:{key}", key);
        // A replica whose first copy breaks off is a primary without slots again, and empty: then there is nobody who could take over.
        await UntilAsync(store, "every primary has a replica that has copied everything", () => store.Primaries.Count() == shards
            && store.Primaries.All(primary => store.View.Nodes.Values.Any(node => node.PrimaryId == primary.Id && node.LinkUp && node.Offset == primary.Offset && node.Keys == primary.Keys)));

        var victim = store.Primaries.First();
        await store.Nodes.KillAsync(victim.Member, TestContext.Current.CancellationToken);
        await UntilAsync(store, "another node is the primary", () => store.Primaries.Count() == shards && store.Primaries.All(node => node.Id != victim.Id));
        await store.Nodes.StartAsync(victim.Member, TestContext.Current.CancellationToken);
        await store.SettleAsync();

        store.ExpectWhole(shards);
        store.View.Nodes[victim.Member].Id.ShouldBe(victim.Id);
        store.View.Nodes[victim.Member].IsPrimary.ShouldBeFalse();
        for (var key = 0; key < Keys; key++)
            (await ReadAsync(client, $"key:{key}")).ShouldBe(key);
    }

    private static async Task UntilAsync(RedisStore store, string what, Func<bool> holds)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            var plan = await store.ReconcileAsync();
            if (holds())
                return;
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new InvalidOperationException($"waited {Patience.TotalSeconds:0} s until {what}; the last plan was {plan.Phase}: {plan.Reason}; {store.Seen}");
        }
    }

    // The client learns of the new primary by itself, and fails until then.
    private static async Task<int?> ReadAsync(ConnectionMultiplexer client, string key)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            try
            {
                return (int?)await client.GetDatabase().StringGetAsync(key);
            }
            catch (Exception e) when (e is RedisException or TimeoutException && Stopwatch.GetElapsedTime(began) < Patience)
            {
            }
        }
    }
}
