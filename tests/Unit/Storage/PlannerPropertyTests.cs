using CsCheck;
using Ops.Storage.Planning;

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
