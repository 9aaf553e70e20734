using CsCheck;
using Ops.Storage.Load;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

/// <summary>Whatever happens to a store, once it stops happening the planner makes it whole, and on the way it loses no slot.</summary>
public sealed class PlannerPropertyTests
{
    // What can happen between two plans. A number picks the member.
    private static readonly Gen<(int Kind, int Pick, int Stop)> Events = Gen.Select(Gen.Int[0, 6], Gen.Int[0, 99], Gen.Int[0, 3]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_store_that_was_disturbed_becomes_whole_again(bool engineElects) =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 2], Events.List[0, 25]).Sample(
            (shards, replicas, events) =>
            {
                var store = new ModelStore(shards, replicas, engineElects);
                foreach (var (kind, pick, stop) in events)
                    Disturb(store, kind, pick, stop);
                Calm(store);
                store.Settle();
                store.DropDrained();
                store.Settle();
                store.ExpectWhole();
            },
            iter: 60);

    [Fact]
    public void Forming_goes_on_from_every_single_command()
    {
        for (var broken = 0; broken < 40; broken++)
        {
            var store = new ModelStore(3, 1, elects: true);
            for (var round = 0; round <= broken; round++)
                store.Reconcile(steps: 1);
            store.Settle();
            store.ExpectWhole();
        }
    }

    [Fact]
    public void A_steady_store_is_left_alone()
    {
        var store = new ModelStore(3, 2, elects: true);
        store.Settle();

        store.Reconcile();

        store.Last.Steps.ShouldBeEmpty();
        store.Last.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void All_members_restarted_at_once_with_new_addresses_find_each_other()
    {
        var store = new ModelStore(3, 1, elects: true);
        store.Settle();
        var ids = store.Cluster.Nodes.Select(node => node.Id).ToList();

        foreach (var node in store.Cluster.Nodes)
            store.Cluster.MoveAddress(node);
        store.Settle();

        store.ExpectWhole();
        store.Cluster.Nodes.Select(node => node.Id).ShouldBe(ids);
        store.Cluster.Nodes.ShouldAllBe(node => node.Known.Values.All(store.Cluster.IsReachable));
    }

    [Theory]
    [InlineData(3, 6)]
    [InlineData(6, 3)]
    [InlineData(2, 1)]
    public void Scaling_moves_every_slot_to_a_shard_that_stays(int before, int after)
    {
        var store = new ModelStore(before, 1, elects: true);
        store.Settle();

        store.Scale(after);
        store.Settle();
        store.DropDrained();
        store.Settle();

        store.ExpectWhole();
        store.Goal.Shards.Length.ShouldBe(after);
        var counts = store.Goal.Shards.Select(shard => shard.Members.Sum(member => store.Cluster.Node(member).Slots.Count)).ToList();
        (counts.Max() / (16_384.0 / after)).ShouldBeLessThanOrEqualTo(store.Goal.TargetSkew);
    }

    [Fact]
    public void No_slot_moves_while_moves_are_held_and_a_replica_is_still_attached()
    {
        var store = new ModelStore(3, 1, elects: true);
        store.Settle();
        var held = store.Goal with { MovesHeld = "a copy is made", Shards = [.. store.Goal.Shards[..2], store.Goal.Shards[2] with { Leaving = true }] };

        var plan = StorePlanner.Next(store.Cluster.View(), held);

        (plan.Phase, plan.Reason, plan.Steps.Length).ShouldBe((StorePhase.Waiting, "a copy is made", 0));
        store.Cluster.Node("s0-1").PrimaryId = store.Cluster.Node("s1-0").Id;
        StorePlanner.Next(store.Cluster.View(), held).Steps.ShouldHaveSingleItem().ShouldBeOfType<StoreStep.Migrate>();
    }

    [Fact]
    public void Whatever_the_load_the_planner_comes_to_rest_and_no_slot_is_moved_twice() =>
        Gen.Select(Gen.Int[2, 5], Gen.Double[0, 1].Array[64], Gen.Double[1, 30]).Sample(
            (shards, draws, tail) =>
            {
                var store = new ModelStore(shards, 0, elects: true);
                store.Settle();
                // 64 slots anywhere carry it all, with a heavy tail.
                var load = new double[SlotSet.Slots];
                foreach (var (draw, index) in draws.Select((draw, index) => (draw, index)))
                    load[index * 7_919 % SlotSet.Slots] = Math.Pow(draw, tail);
                store.Load(load, filled: true);
                var moved = new List<int>();
                for (var round = 0; round < 100; round++)
                {
                    store.Reconcile();
                    moved.AddRange(store.Last.Steps.OfType<StoreStep.MoveSlot>().Select(move => move.Slot));
                    if (store.Last.Phase == StorePhase.Steady)
                        break;
                }

                store.ExpectWhole();
                moved.ShouldBeUnique();
                store.Reconcile();
                store.Last.Steps.ShouldBeEmpty();
            },
            iter: 20);

    [Fact]
    public void A_filled_store_whose_load_is_not_known_is_left_as_it_is()
    {
        var store = new ModelStore(3, 0, elects: true);
        store.Settle();
        var load = new double[SlotSet.Slots];
        foreach (var slot in Enumerable.Range(0, 100))
            load[slot] = 1;
        store.Load(load, filled: true);
        store.Settle();
        var placed = store.Cluster.Node("s0-0").Slots;
        placed.Count.ShouldBeLessThan(5_461);

        store.Load([], filled: true);
        store.Settle();

        store.Cluster.Node("s0-0").Slots.ShouldBe(placed);
    }

    [Fact]
    public void A_slot_that_alone_exceeds_a_node_is_reported_with_its_hottest_keys_in_plain_characters()
    {
        var store = new ModelStore(3, 0, elects: true);
        store.Settle();
        var load = new double[SlotSet.Slots];
        (load[7], load[9], load[16_000]) = (900, 50, 50);
        store.Load(load, filled: true, new KeyLoad("cart:{7}\u001b[31m\n" + new string('x', 60), 7, 800), new KeyLoad("other", 9, 50));
        store.Settle();

        var problem = store.Last.Problems.ShouldHaveSingleItem();
        problem.Reason.ShouldBe("HotSlot");
        problem.Message.ShouldStartWith("slot 7 alone carries 2.6 times a shard's fair share, most of it for 'cart:{7}??31m?xxx");
        problem.Message.ShouldContain("spread its keys over other hash tags");
        store.Cluster.Node("s0-0").Slots.Contains(7).ShouldBeTrue();
    }

    [Fact]
    public void A_primary_whose_volume_is_lost_is_replaced_by_its_best_replica_and_never_called_steady() =>
        Gen.Select(Gen.Int[3, 5], Gen.Int[1, 3], Gen.Int[0, 4], Gen.Long[0, 1_000].Array[3]).Sample(
            (shards, replicas, pick, offsets) =>
            {
                var store = new ModelStore(shards, replicas, elects: false);
                store.Settle();
                var shard = pick % shards;
                var copies = Enumerable.Range(1, replicas).Select(ordinal => store.Cluster.Node($"s{shard}-{ordinal}")).ToList();
                foreach (var (copy, offset) in copies.Zip(offsets))
                    copy.Offset = offset;
                // The member runs a new node under its old name, so nobody is silent and no one has the old node's id.
                store.Cluster.Start($"s{shard}-0");

                for (var round = 0; round < 10; round++)
                {
                    store.Reconcile();
                    if (store.Last.Steps.OfType<StoreStep.Promote>().FirstOrDefault() is { } promoted)
                        promoted.Node.Offset.ShouldBe(copies.Max(copy => copy.Offset));
                    if (store.Last.Phase == StorePhase.Steady)
                        store.ExpectWhole();
                }

                store.Settle();
                store.ExpectWhole();
                store.Cluster.Node($"s{shard}-0").PrimaryId.ShouldNotBeNull();
            },
            iter: 40);

    [Fact]
    public void A_shard_whose_owner_nobody_knows_is_not_called_steady()
    {
        var store = new ModelStore(3, 1, elects: false);
        store.Settle();
        store.Cluster.Node("s1-0").Alive = false;
        var goal = store.Goal with { Identities = store.Goal.Identities.Remove("s1-0") };

        var plan = StorePlanner.Next(store.Cluster.View(), goal);

        plan.Phase.ShouldBe(StorePhase.FailingOver);
        plan.Steps.OfType<StoreStep.Promote>().ShouldHaveSingleItem().Node.Member.ShouldBe("s1-1");
    }

    private static void Disturb(ModelStore store, int kind, int pick, int stop)
    {
        var nodes = store.Cluster.Nodes;
        var node = nodes[pick % nodes.Count];
        switch (kind)
        {
            case 0 or 1:
                store.Reconcile();
                break;
            case 2:
                // The operator dies in the middle of a plan, in the middle of a step.
                store.Reconcile(steps: 1 + pick % 3, stopAfter: stop);
                break;
            case 3:
                node.Alive = false;
                store.Cluster.Gossip();
                break;
            case 4:
                if (!node.Alive)
                    store.Cluster.MoveAddress(node);
                node.Alive = true;
                break;
            case 5 when HasCopy(store, node):
                store.Cluster.Start(node.Member);
                break;
            case 6 when store.Goal.Formed && store.Goal.Shards.All(shard => !shard.Leaving):
                store.Scale(1 + pick % 4);
                break;
            default:
                break;
        }
    }

    // A member may lose its volume only while another copy of its data is alive, or nothing can bring the data back.
    private static bool HasCopy(ModelStore store, ModelNode node) => node.Slots.IsEmpty && node.PrimaryId is not null && store.Goal.Formed
        && store.Cluster.Find(node.PrimaryId) is { Alive: true, Slots.IsEmpty: false } && !store.Cluster.Nodes.Any(other => other.PrimaryId == node.Id);

    private static void Calm(ModelStore store)
    {
        foreach (var node in store.Cluster.Nodes)
            node.Alive = true;
        store.Cluster.Gossip();
    }
}
