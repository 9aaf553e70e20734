using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

/// <summary>What the planner refuses to decide.</summary>
public sealed class BlockedTests
{
    [Fact]
    public void Nothing_is_formed_over_data()
    {
        var store = new ModelStore(3, 0, elects: true);
        store.Cluster.Node("s1-0").Keys = 7;

        store.Settle();

        ExpectProblem(store, "ForeignData", "s1-0 holds 7 keys");
        store.Cluster.Nodes.ShouldAllBe(node => node.Slots.IsEmpty);
    }

    [Fact]
    public void Nothing_is_formed_with_a_node_that_knows_strangers()
    {
        var store = new ModelStore(3, 0, elects: true);
        store.Cluster.Node("s2-0").Known["stranger"] = new PeerView("stranger", new StoreAddress("127.9.9.9", 6379), true, false, null, SlotSet.All, 5);

        store.Settle();

        ExpectProblem(store, "ForeignNode", "stranger");
    }

    [Fact]
    public void A_member_of_another_cluster_is_not_let_into_a_formed_store()
    {
        var store = Formed(elects: true);
        store.Scale(4);
        var liar = store.Cluster.Node("s3-0");
        liar.Slots = SlotSet.Range(0, 99);
        liar.Epoch = 1_000;
        liar.Known["stranger"] = new PeerView("stranger", new StoreAddress("127.9.9.9", 6379), true, false, null, SlotSet.Empty, 5);

        for (var round = 0; round < 20; round++)
            store.Reconcile();

        ExpectProblem(store, "ForeignNode", "s3-0 belongs to another cluster");
        store.Cluster.Nodes.Where(node => node != liar).ShouldAllBe(node => !node.Known.ContainsKey(liar.Id));
    }

    [Fact]
    public void A_primary_that_knows_none_of_the_others_any_more_is_still_a_member()
    {
        var store = new ModelStore(1, 1, elects: false);
        store.Settle();
        var primary = store.Cluster.Nodes.Single(node => node.PrimaryId is null);
        // Its replica loses the volume, and before the two have met again it falls silent itself; meanwhile the store grows.
        store.Cluster.Start(store.Cluster.Nodes.Single(node => node != primary).Member);
        primary.Alive = false;
        store.Scale(4);
        for (var round = 0; round < 20; round++)
            store.Reconcile();

        primary.Alive = true;
        store.Settle();

        store.ExpectWhole();
    }

    [Fact]
    public void A_lost_shard_is_reported_and_its_slots_are_given_to_nobody()
    {
        var store = Formed(elects: false);
        store.Cluster.Node("s1-0").Alive = false;
        store.Cluster.Node("s1-1").Alive = false;

        for (var round = 0; round < 20; round++)
            store.Reconcile();

        ExpectProblem(store, "ShardLost", "shard s1");
        store.Last.Phase.ShouldBe(StorePhase.Blocked);
        store.Cluster.Nodes.Where(node => node.Alive).Aggregate(SlotSet.Empty, (slots, node) => slots.Union(node.Slots)).ShouldBe(SlotSet.All.Except(store.Cluster.Node("s1-0").Slots));
    }

    [Fact]
    public void Without_a_majority_nobody_is_promoted_until_a_person_approves()
    {
        var store = Formed(elects: true);
        store.Cluster.Node("s0-0").Alive = false;
        store.Cluster.Node("s1-0").Alive = false;
        store.Reconcile();

        ExpectProblem(store, "QuorumLost", "only 1 of 3 primaries answer");
        store.Last.Steps.OfType<StoreStep.Promote>().ShouldBeEmpty();

        var approved = StorePlanner.Next(store.Cluster.View(), store.Goal with { TakeoverApproved = true });
        approved.Steps.OfType<StoreStep.Promote>().ShouldHaveSingleItem().Takeover.ShouldBeTrue();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void A_store_too_small_for_a_majority_of_primaries_gets_a_new_one_where_the_engine_elects_none(int shards, int replicas)
    {
        var store = new ModelStore(shards, replicas, elects: false);
        store.Settle();
        var dead = store.Cluster.Node("s0-0");
        dead.Alive = false;

        store.Settle();

        store.Cluster.Nodes.Where(node => node.Alive && node.PrimaryId is null).ShouldContain(node => node.Member == "s0-1" || node.Member == "s0-2");
        dead.Alive = true;
        store.Settle();
        store.ExpectWhole();
    }

    [Fact]
    public void An_elector_that_sees_only_a_minority_of_the_other_members_promotes_nobody()
    {
        var store = new ModelStore(3, 1, elects: false);
        store.Settle();
        foreach (var member in (string[])["s0-0", "s1-0", "s1-1", "s2-0"])
            store.Cluster.Node(member).Alive = false;

        store.Reconcile();

        ExpectProblem(store, "QuorumLost", "only 2 of 5 other members answer");
        store.Last.Steps.ShouldBeEmpty();
    }

    [Fact]
    public void Newcomers_of_a_formed_store_do_not_become_a_cluster_of_their_own_while_its_nodes_are_silent()
    {
        var store = new ModelStore(1, 1, elects: true);
        store.Settle();
        foreach (var node in store.Cluster.Nodes)
            node.Alive = false;
        store.Scale(4);
        store.Reconcile();

        store.Last.Phase.ShouldBe(StorePhase.Waiting);
        store.Cluster.Nodes.Where(node => node.Alive).ShouldAllBe(node => node.Known.Count == 0);

        foreach (var node in store.Cluster.Nodes)
            node.Alive = true;
        store.Settle();
        store.ExpectWhole();
        store.Last.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void The_replica_with_the_highest_offset_takes_over_after_the_wait()
    {
        var store = new ModelStore(3, 2, elects: false);
        store.Settle();
        store.Cluster.Node("s1-0").Alive = false;
        store.Cluster.Node("s1-1").Offset = 10;
        store.Cluster.Node("s1-2").Offset = 11;
        var view = store.Cluster.View();

        var early = StorePlanner.Next(view with { Silent = view.Silent.SetItem("s1-0", TimeSpan.FromSeconds(1)) }, store.Goal);
        early.Phase.ShouldBe(StorePhase.Waiting);
        var plan = StorePlanner.Next(view, store.Goal);

        plan.Phase.ShouldBe(StorePhase.FailingOver);
        plan.Steps.OfType<StoreStep.Promote>().ShouldHaveSingleItem().Node.Member.ShouldBe("s1-2");
    }

    [Fact]
    public void A_replica_that_was_just_missed_is_asked_again_before_another_takes_over()
    {
        var store = new ModelStore(3, 2, elects: false);
        store.Settle();
        foreach (var member in (string[])["s1-0", "s1-2"])
            store.Cluster.Node(member).Alive = false;
        var view = store.Cluster.View();

        var early = StorePlanner.Next(view with { Silent = view.Silent.SetItem("s1-2", TimeSpan.FromSeconds(1)) }, store.Goal);
        early.Phase.ShouldBe(StorePhase.Waiting);
        early.Reason.ShouldContain("s1-2 does not answer and may have more than s1-1");

        StorePlanner.Next(view, store.Goal).Steps.OfType<StoreStep.Promote>().ShouldHaveSingleItem().Node.Member.ShouldBe("s1-1");
    }

    [Fact]
    public void A_store_is_not_steady_before_every_node_knows_who_has_each_slot()
    {
        var store = Formed(elects: true);
        var deaf = store.Cluster.View().Nodes["s0-1"];
        deaf = deaf with { Peers = [.. deaf.Peers.Select(peer => peer with { Slots = SlotSet.Empty })] };

        var plan = StorePlanner.Next(store.Cluster.View() with { Nodes = store.Cluster.View().Nodes.SetItem("s0-1", deaf) }, store.Goal);

        (plan.Phase, plan.Reason, plan.Steps.Length).ShouldBe((StorePhase.Waiting, "s0-1 has not heard yet who has 16384 of the slots", 0));
    }

    [Fact]
    public void A_replica_that_never_had_a_whole_copy_is_not_promoted_where_the_planner_elects()
    {
        var store = new ModelStore(3, 1, elects: false);
        store.Settle();
        // Its replica comes back with an empty volume, and the primary falls silent while it copies.
        store.Cluster.Start("s1-1");
        store.Settle();
        store.Cluster.Node("s1-1").Synced.ShouldBeTrue();
        store.Cluster.Start("s1-1");
        store.Cluster.Node("s1-1").Synced = false;
        for (var round = 0; store.Cluster.Node("s1-1").PrimaryId is null; round++)
        {
            round.ShouldBeLessThan(20);
            store.Reconcile();
        }

        store.Reconcile();
        store.Cluster.Node("s1-0").Alive = false;
        for (var round = 0; round < 20; round++)
            store.Reconcile();

        ExpectProblem(store, "ShardLost", "s1-0 does not answer and s1-1 has no whole copy of it");
        store.Cluster.Node("s1-1").Slots.IsEmpty.ShouldBeTrue();

        store.Cluster.Node("s1-0").Alive = true;
        store.Cluster.Node("s1-1").Synced = true;
        store.Settle();
        store.ExpectWhole();
    }

    [Fact]
    public void A_replica_that_was_seen_copying_anew_is_not_promoted_whatever_offset_it_names()
    {
        var store = new ModelStore(3, 1, elects: false);
        store.Settle();
        store.Reconcile();
        store.Cluster.Node("s1-1").Synced = false;
        store.Reconcile();
        store.Cluster.Node("s1-0").Alive = false;
        store.Cluster.Node("s1-1").Offset = 1_000_000;

        store.Reconcile();

        ExpectProblem(store, "ShardLost", "s1-1 has no whole copy of it");
        store.Last.Steps.ShouldBeEmpty();
    }

    [Fact]
    public void A_replica_that_began_anew_is_not_promoted_by_what_it_once_had()
    {
        var store = new ModelStore(3, 1, elects: false);
        store.Settle();
        store.Cluster.Node("s1-1").Offset = 100;
        store.Settle();
        var view = store.Cluster.View();
        var memory = new StoreMemory(true, store.Goal.Identities, ImmutableDictionary<string, StoreCopy>.Empty).Adopted(view, store.Last, store.Goal);
        store.Cluster.Node("s1-0").Alive = false;
        store.Cluster.Node("s1-1").Offset = 64;

        var plan = StorePlanner.Next(store.Cluster.View(), store.Goal with { Copies = memory.Copies });

        plan.Steps.ShouldBeEmpty();
        plan.Problems.ShouldContain(problem => problem.Reason == "ShardLost");
        store.Cluster.Node("s1-1").Offset = 100;
        StorePlanner.Next(store.Cluster.View(), store.Goal with { Copies = memory.Copies }).Steps.OfType<StoreStep.Promote>().ShouldHaveSingleItem().Node.Member.ShouldBe("s1-1");
    }

    [Fact]
    public void A_new_shard_gets_no_slot_before_it_serves()
    {
        var store = Formed(elects: true);
        store.Scale(4);
        store.Cluster.Node("s3-0").Serves = false;

        for (var round = 0; round < 20; round++)
            store.Reconcile();

        store.Last.Phase.ShouldBe(StorePhase.Waiting);
        store.Last.Reason.ShouldContain("s3-0 does not serve yet");
        store.Cluster.Node("s3-0").Slots.IsEmpty.ShouldBeTrue();

        store.Cluster.Node("s3-0").Serves = true;
        store.Settle();
        store.Cluster.Node("s3-0").Slots.IsEmpty.ShouldBeFalse();
    }

    [Fact]
    public void A_store_with_a_primary_that_refuses_its_slots_is_not_steady()
    {
        var store = Formed(elects: true);
        store.Cluster.Node("s1-0").Serves = false;

        store.Reconcile();

        store.Last.Phase.ShouldBe(StorePhase.Waiting);
        store.Last.Reason.ShouldContain("s1-0 does not serve yet");
    }

    private static ModelStore Formed(bool elects)
    {
        var store = new ModelStore(3, 1, elects);
        store.Settle();
        store.Last.Phase.ShouldBe(StorePhase.Steady);
        return store;
    }

    private static void ExpectProblem(ModelStore store, string reason, string words) =>
        store.Last.Problems.ShouldContain(problem => problem.Reason == reason && problem.Message.Contains(words), string.Join("; ", store.Last.Problems) + store.Last.Reason);
}
