using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using Ops.Storage.Planning;
using StackExchange.Redis;

namespace Ops.StoreScenario;

/// <summary>The planner and a real engine: redis-server processes in cluster mode.</summary>
public sealed class RealRedisTests
{
    [Fact]
    public async Task A_store_forms_survives_its_primary_and_takes_it_back_as_a_replica()
    {
        await using var store = await RedisStore.StartAsync(3);
        await store.SettleAsync();
        store.ExpectWhole(3);

        await using var writes = await AcknowledgedWrites.StartAsync(store);
        await AcknowledgeAsync(writes, 200);
        var victim = store.Primaries.First();
        await store.Nodes.KillAsync(victim.Member, TestContext.Current.CancellationToken);
        while (store.Primaries.Any(node => node.Id == victim.Id) || store.Primaries.Count() < 3)
            await ReconcileSlowlyAsync(store);
        await AcknowledgeAsync(writes, writes.Acknowledged + 200);
        await store.Nodes.StartAsync(victim.Member, TestContext.Current.CancellationToken);
        await store.SettleAsync();

        store.ExpectWhole(3);
        store.View.Nodes[victim.Member].Id.ShouldBe(victim.Id);
        store.View.Nodes[victim.Member].IsPrimary.ShouldBeFalse();
        (await writes.FindLostAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task All_members_restarted_at_once_with_new_addresses_find_each_other()
    {
        await using var store = await RedisStore.StartAsync(3);
        await store.SettleAsync();
        var ids = store.View.Nodes.Values.Select(node => node.Id).ToList();

        var members = store.Nodes.Members.Keys.ToList();
        foreach (var member in members)
            await store.Nodes.KillAsync(member, TestContext.Current.CancellationToken);
        foreach (var member in members)
            await store.Nodes.StartAsync(member, TestContext.Current.CancellationToken);
        await store.SettleAsync();

        store.ExpectWhole(3);
        store.View.Nodes.Values.Select(node => node.Id).ShouldBe(ids);
        store.View.Nodes.Values.ShouldAllBe(node => node.Peers.All(peer => store.View.ById(peer.Id)!.Address == peer.Address));
    }

    [Fact]
    public async Task A_replica_that_hears_of_its_primarys_new_address_from_another_node_looks_for_it_there()
    {
        await using var store = await RedisStore.StartAsync(3);
        await store.SettleAsync();
        var replica = store.View.Nodes.Values.First(node => !node.IsPrimary);
        var primary = store.View.ById(replica.PrimaryId!)!;
        var teller = store.Primaries.First(node => node != primary);
        foreach (var member in store.Nodes.Members.Keys)
            await store.Nodes.KillAsync(member, TestContext.Current.CancellationToken);

        // Back first, it calls its primary failing at the old address. Then it is told by a third node alone.
        await using var engine = new RedisEngine(TimeProvider.System);
        await store.Nodes.StartAsync(replica.Member, TestContext.Current.CancellationToken);
        await SeenAsync(engine, store, view => view.Nodes.TryGetValue(replica.Member, out var node) && node.Peer(primary.Id) is { Unheard: true });
        foreach (var member in store.Nodes.Members.Keys.Where(member => member != replica.Member))
            await store.Nodes.StartAsync(member, TestContext.Current.CancellationToken);
        var back = await SeenAsync(engine, store, view => view.Nodes.Count == store.Nodes.Members.Count);
        await engine.ExecuteAsync(new StoreStep.Meet(back.Nodes[teller.Member], back.Nodes[primary.Member]), back, TestContext.Current.CancellationToken);
        await SeenAsync(engine, store, view => view.ById(teller.Id)?.Peer(primary.Id) is { Connected: true, Failed: false, Unheard: false });
        await engine.ExecuteAsync(new StoreStep.Meet(back.Nodes[teller.Member], back.Nodes[replica.Member]), back, TestContext.Current.CancellationToken);
        await SeenAsync(engine, store, view => view.ById(replica.Id)?.Peer(primary.Id) is { Connected: true } known && known.Address == back.Nodes[primary.Member].Address);

        await store.SettleAsync();
        store.ExpectWhole(3);
    }

    [Fact]
    public async Task A_rolling_upgrade_under_writes_loses_no_acknowledged_write_and_fails_over_in_agreement()
    {
        await using var store = await RedisStore.StartAsync(3);
        await store.SettleAsync();
        await using var writes = await AcknowledgedWrites.StartAsync(store);
        await AcknowledgeAsync(writes, 500);
        var ids = store.View.Nodes.Values.Select(node => node.Id).ToList();
        store.Steps.Clear();

        store.Upgrade();
        await store.SettleAsync();
        var newest = writes.Newest;
        for (var round = 0; writes.Newest == newest; round++)
        {
            round.ShouldBeLessThan(1_200, "no write was acknowledged in a minute after the upgrade");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        store.ExpectWhole(3);
        store.View.Nodes.Values.Select(node => node.Id).ShouldBe(ids);
        store.Steps.OfType<StoreStep.Restart>().Select(step => step.Member).Order().ShouldBe(store.Goal.Members.Order());
        store.Steps.OfType<StoreStep.HandOver>().ShouldNotBeEmpty();
        (await writes.FindLostAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Scaling_out_and_in_loses_no_acknowledged_write()
    {
        await using var store = await RedisStore.StartAsync(2);
        await store.SettleAsync();
        await using var writes = await AcknowledgedWrites.StartAsync(store);
        await AcknowledgeAsync(writes, 500);

        await store.ScaleAsync(3);
        await store.SettleAsync();
        store.ExpectWhole(3);
        await store.ScaleAsync(2);
        await store.SettleAsync();
        store.Primaries.ShouldAllBe(node => !node.Member.StartsWith("s2", StringComparison.Ordinal));
        (await writes.FindLostAsync()).ShouldBeEmpty();

        await store.DropDrainedAsync();
        await store.SettleAsync();
        store.ExpectWhole(2);
    }

    [Fact]
    public async Task A_move_that_was_broken_off_is_finished_with_its_keys()
    {
        await using var store = await RedisStore.StartAsync(2);
        await store.SettleAsync();
        var (from, to) = (store.Primaries.First(), store.Primaries.Last());
        await using var source = await ConnectionMultiplexer.ConnectAsync($"{from.Address},allowAdmin=true");
        await using var target = await ConnectionMultiplexer.ConnectAsync($"{to.Address},allowAdmin=true");
        var slot = from.Slots.Enumerate().First();
        var key = Enumerable.Range(0, 1_000_000).Select(number => $"k{number}").First(name => source.HashSlot(name) == slot);
        await SetAsync(source, key, "kept");
        // One command carries up to a megabyte: two of these, so seven take four.
        foreach (var number in Enumerable.Range(0, 7))
            await SetAsync(source, $"{{{key}}}:{number}", new string('x', 400_000));

        // What a mover leaves behind that dies before the first key.
        await target.GetServer(to.Address.Host, to.Address.Port).ExecuteAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", from.Id);
        await source.GetServer(from.Address.Host, from.Address.Port).ExecuteAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", to.Id);
        // A busy machine may keep a node from answering in time; then the first plan waits for it.
        for (var round = 1; (await store.ReconcileAsync()).Phase != StorePhase.Repairing; round++)
            round.ShouldBeLessThan(100, "the open move was never seen");
        await store.SettleAsync();

        store.View.Nodes[to.Member].Slots.Contains(slot).ShouldBeTrue();
        store.View.Nodes.Values.ShouldAllBe(node => node.Migrating.IsEmpty && node.Importing.IsEmpty);
        ((string?)await target.GetDatabase().StringGetAsync(key)).ShouldBe("kept");
        foreach (var number in Enumerable.Range(0, 7))
            (await target.GetDatabase().StringLengthAsync($"{{{key}}}:{number}")).ShouldBe(400_000);
        // cmdstat_migrate:calls=4,usec=...
        var statistics = (await source.GetServer(from.Address.Host, from.Address.Port).InfoRawAsync("commandstats"))!;
        int.Parse(statistics.Split("cmdstat_migrate:calls=")[1].Split(',')[0]).ShouldBeGreaterThanOrEqualTo(4);
    }

    [Fact]
    public async Task A_hot_set_in_one_shard_is_found_in_the_commands_and_spread()
    {
        await using var store = await RedisStore.StartAsync(3);
        await store.SettleAsync();
        await using var load = await SkewedLoad.StartAsync(store, store.Primaries.First());
        load.Skew(store.Primaries).ShouldBeGreaterThan(2);
        store.PlaceByLoad();

        var moved = new HashSet<int>();
        for (var round = 0; load.Skew(store.Primaries) > 1.3; round++)
        {
            round.ShouldBeLessThan(300, $"the skew is still {load.Skew(store.Primaries):0.00} after {load.Requests} requests and {moved.Count} moved slots");
            moved.UnionWith((await store.ReconcileAsync()).Steps.OfType<StoreStep.MoveSlot>().Select(move => move.Slot));
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        moved.ShouldAllBe(slot => load.Slots.Contains(slot), "only slots that are used were worth a move");
        store.Load.HottestKeys()[0].Slot.ShouldBe(load.Slots[0]);
        load.Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_is_formed_over_a_node_with_data()
    {
        await using var store = await RedisStore.StartAsync(1);
        var address = store.Nodes.Members["s0-0"];
        await using var client = await ConnectionMultiplexer.ConnectAsync($"{address},allowAdmin=true");
        var server = client.GetServer(address.Host, address.Port);
        await server.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", 0, 16_383);
        await SetAsync(client, "old", "data");
        await server.ExecuteAsync("CLUSTER", "DELSLOTSRANGE", 0, 16_383);

        var plan = await store.ReconcileAsync();

        plan.Phase.ShouldBe(StorePhase.Blocked);
        plan.Problems.ShouldHaveSingleItem().Reason.ShouldBe("ForeignData");
    }

    // A node calls its cluster up a moment after the last slot has an owner.
    private static async Task SetAsync(ConnectionMultiplexer client, string key, string value)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await client.GetDatabase().StringSetAsync(key, value);
                return;
            }
            catch (RedisServerException e) when (attempt < 200 && e.Message.StartsWith("CLUSTERDOWN", StringComparison.Ordinal))
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    // What the nodes say while no planner looks after them.
    private static async Task<StoreView> SeenAsync(RedisEngine engine, RedisStore store, Func<StoreView, bool> holds)
    {
        for (var round = 0; round < 300; round++)
        {
            var view = await engine.ObserveAsync(store.Nodes.Members, StoreGoal.LongestAnswer, TestContext.Current.CancellationToken);
            if (holds(view))
                return view;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException("the nodes never said what was waited for");
    }

    private static async Task AcknowledgeAsync(AcknowledgedWrites writes, int count)
    {
        while (writes.Acknowledged < count)
            await Task.Delay(20, TestContext.Current.CancellationToken);
    }

    private static async Task ReconcileSlowlyAsync(RedisStore store)
    {
        await store.ReconcileAsync();
        await Task.Delay(100, TestContext.Current.CancellationToken);
    }
}
