using CsCheck;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

/// <summary>A rolling upgrade: one member at a time, no primary that has a replica, and on from wherever the operator died.</summary>
public sealed class UpgradeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_member_starts_anew_once_one_at_a_time_and_no_slot_goes_unserved(bool engineElects) =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[0, 1].Array[60]).Sample(
            (shards, replicas, steps) =>
            {
                var store = Formed(shards, replicas, engineElects);
                var restarted = new List<string>();
                store.Restarting = node =>
                {
                    node.Slots.IsEmpty.ShouldBeTrue($"{node.Member} serves {node.Slots.Count} slots");
                    store.Cluster.Nodes.ShouldAllBe(other => other.Alive && other.Synced, "another member is not back yet");
                    restarted.Add(node.Member);
                };
                store.Upgrade();
                // The operator dies before each plan's step or after it.
                foreach (var some in steps)
                {
                    store.Reconcile(some);
                    Served(store).ShouldBe(SlotSet.All);
                }

                SettleUpgrade(store);

                restarted.Order().ShouldBe(store.Goal.Members.Order());
                store.ExpectWhole();
            },
            iter: 40);

    [Fact]
    public void Replicas_of_all_shards_come_before_the_first_handover()
    {
        var store = Formed(3, 2, engineElects: true);
        store.Upgrade();
        var order = new List<string>();
        for (var round = 0; round < 100; round++)
        {
            store.Reconcile();
            order.AddRange(store.Last.Steps.Select(step => step is StoreStep.HandOver over ? $"{over.From.Member[..2]} over" : step is StoreStep.Restart restart ? restart.Member : "").Where(step => step.Length > 0));
        }

        order.ShouldBe(["s0-1", "s0-2", "s1-1", "s1-2", "s2-1", "s2-2", "s0 over", "s0-0", "s1 over", "s1-0", "s2 over", "s2-0"]);
    }

    [Fact]
    public void A_member_that_does_not_come_up_stops_the_upgrade_and_a_corrected_template_goes_on()
    {
        var store = Formed(3, 1, engineElects: true);
        store.Upgrade();
        store.Reconcile();
        store.Last.Steps.ShouldHaveSingleItem().ShouldBe(new StoreStep.Restart("s0-1"));
        // It never comes back by itself.
        store.Forget("s0-1");
        for (var round = 0; round < 10; round++)
        {
            store.Reconcile();
            store.Last.Steps.ShouldBeEmpty();
            store.Last.Phase.ShouldBe(StorePhase.Upgrading);
            store.Last.Reason.ShouldBe("the upgrade waits, 5 members still to be done: s0-1 does not answer; nothing else is restarted before");
        }

        // The spec is corrected: the one that is down is of the older template now, and loses nothing by a restart.
        store.Upgrade(down: "s0-1");
        store.Reconcile();
        store.Last.Steps.ShouldHaveSingleItem().ShouldBe(new StoreStep.Restart("s0-1"));
        SettleUpgrade(store);
        store.ExpectWhole();
    }

    [Fact]
    public void A_shard_without_a_replica_says_what_its_upgrade_costs()
    {
        var store = Formed(3, 0, engineElects: true);
        store.Upgrade();
        store.Reconcile();
        store.Last.Reason.ShouldBe("s0-0 starts anew: shard s0 has no replica, so nobody serves its slots until it is back");
        store.Last.Steps.ShouldHaveSingleItem().ShouldBe(new StoreStep.Restart("s0-0"));
        SettleUpgrade(store);
        store.ExpectWhole();
    }

    [Fact]
    public void Members_that_never_started_are_replaced_before_a_store_is_formed()
    {
        var store = new ModelStore(3, 1, elects: true);
        foreach (var node in store.Cluster.Nodes.Where(node => node.Member != "s0-0"))
            node.Alive = false;
        store.Upgrade(down: [.. store.Goal.Members.Where(member => member != "s0-0")]);

        store.Reconcile();

        store.Last.Steps.OfType<StoreStep.Restart>().Select(restart => restart.Member).ShouldBe(["s0-1", "s1-0", "s1-1", "s2-0", "s2-1"]);
        SettleUpgrade(store);
        store.ExpectWhole();
    }

    private static ModelStore Formed(int shards, int replicas, bool engineElects)
    {
        var store = new ModelStore(shards, replicas, engineElects);
        store.Settle();
        return store;
    }

    // At most 3 observations a member, and a handover a shard: 16 members are 52.
    private static void SettleUpgrade(ModelStore store)
    {
        for (var round = 0; round < 100 && (!store.Goal.Outdated.IsEmpty || store.Cluster.Nodes.Any(node => !node.Alive || !node.Synced)); round++)
            store.Reconcile();
        store.Goal.Outdated.ShouldBeEmpty(store.Last.Reason);
        store.Settle();
    }

    private static SlotSet Served(ModelStore store) => store.Cluster.Nodes.Where(node => node.Alive).Aggregate(SlotSet.Empty, (slots, node) => slots.Union(node.Slots));
}
