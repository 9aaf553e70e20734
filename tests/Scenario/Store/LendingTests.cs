using Ops.Storage.Planning;

namespace Ops.StoreScenario;

/// <summary>Replicas of cold shards that serve the reads of a hot one: the planner and real redis-server processes.</summary>
public sealed class LendingTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_replica_is_lent_to_a_hot_shard_survives_its_failover_and_goes_back_and_no_reader_misses_a_key()
    {
        await using var store = await RedisStore.StartAsync(3, replicas: 2);
        await store.SettleAsync();
        await using var writes = await AcknowledgedWrites.StartAsync(store, store.ReplicasOf);
        var hot = store.Primaries.First();
        await using var readers = await ReplicaReaders.StartAsync(store, hot);

        store.LendReplicas(Window);
        var lent = await UntilAsync(store, () => store.Lent.FirstOrDefault(node => node.LinkUp && node.NoFailover));
        lent.PrimaryId.ShouldBe(hot.Id);
        store.Goal.ShardOf(lent.Member).ShouldNotBe(store.Goal.ShardOf(hot.Member));
        var before = readers.AnsweredBy(lent.Address);
        await UntilAsync(store, () => readers.AnsweredBy(lent.Address) > before + 100 ? "it serves" : null);

        // The hot shard loses its primary: one of its own takes its place, and no acknowledged write is gone.
        var newest = writes.Newest;
        await UntilAsync(store, () => writes.Newest > newest ? "written" : null);
        await store.Nodes.KillAsync(hot.Member, TestContext.Current.CancellationToken);
        var successor = await UntilAsync(store, () => store.Primaries.FirstOrDefault(node => node.Id != hot.Id && store.Goal.ShardOf(node.Member) == store.Goal.ShardOf(hot.Member)));
        successor.NoFailover.ShouldBeFalse();
        store.Primaries.ShouldAllBe(node => !node.NoFailover);
        await store.Nodes.StartAsync(hot.Member, TestContext.Current.CancellationToken);

        store.Goal.MigrationBarrier.ShouldNotBeNull();
        store.LendNone();
        await store.SettleAsync();
        store.ExpectWhole(3);
        store.View.Nodes.Values.ShouldAllBe(node => !node.NoFailover);
        readers.Missed.ShouldBe(0);
        (await writes.FindLostAsync()).ShouldBeEmpty();
    }

    private static async Task<T> UntilAsync<T>(RedisStore store, Func<T?> found)
        where T : class
    {
        for (var round = 0; round < 900; round++)
        {
            await store.ReconcileAsync();
            if (found() is { } it)
                return it;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException($"not seen within 900 rounds: {store.Seen}\n{store.History}");
    }
}
