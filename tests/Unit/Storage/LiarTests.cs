using System.Collections.Immutable;
using CsCheck;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

/// <summary>A member that lies: nothing is done on its word, it gets nothing, and the honest rest goes on.</summary>
public sealed class LiarTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    /// <summary>Each makes a lie of what a member would truly say.</summary>
    private static readonly ImmutableArray<(string Words, Func<NodeView, StoreView, NodeView> Lie)> Lies =
    [
        ("most primaries know with another owner", (node, _) => node with { PrimaryId = null, Slots = SlotSet.All, Epoch = node.Epoch + 1_000 }),
        ("nobody else has heard of one above", (node, _) => node with { PrimaryId = null, Slots = SlotSet.All, Epoch = long.MaxValue }),
        ("belongs to another cluster", (node, _) => node with { PrimaryId = null, Slots = SlotSet.All, Epoch = 1_000, Id = "other-1", Peers = [Stranger("other-2", SlotSet.Empty)] }),
        ("node id", (node, truth) => node with { Id = truth.Nodes.Values.First(other => other.Member != node.Member).Id, Slots = SlotSet.All, Epoch = 1_000 }),
        ("calls itself a replica and claims", (node, truth) => node with { PrimaryId = truth.Nodes.Values.First(other => other.Id != node.Id).Id, Slots = SlotSet.Range(0, 99), Epoch = 1_000 }),
        ("calls itself a replica of itself", (node, _) => node with { PrimaryId = node.Id, Slots = SlotSet.Empty }),
        ("although the others do not know it", (node, _) => node with { Id = "fresh-1", PrimaryId = null, Peers = [], Slots = SlotSet.All, Epoch = 1_000 }),
        ("has slots on their way although", (node, truth) => node with { Id = "fresh-1", PrimaryId = null, Peers = [], Slots = SlotSet.Empty, Importing = Marks(truth) }),
        // What it says of others is not told from old news, so it is not named; it still must move nothing.
        ("", (node, _) => node with { Peers = [.. node.Peers, Stranger("ghost-1", SlotSet.All) with { Failed = true, Connected = false }] }),
    ];

    [Fact]
    public void Nothing_is_done_on_the_word_of_a_liar_and_the_others_go_on() =>
        Gen.Select(Gen.Int[3, 5], Gen.Int[1, 2], Gen.Int[0, 99], Gen.Int[0, Lies.Length - 1], Gen.Bool).Sample(
            (shards, replicas, pick, kind, elects) =>
            {
                var store = new ModelStore(shards, replicas, elects);
                store.Settle();
                var liar = store.Cluster.Nodes[pick % store.Cluster.Nodes.Count].Member;
                store.Told = Liar(liar, Lies[kind].Lie, TimeSpan.Zero);
                Hear(store, liar);
                store.Told = Liar(liar, Lies[kind].Lie, Long);
                // Somebody else's volume is lost meanwhile, which the others can repair among themselves.
                var lost = store.Cluster.Nodes.First(node => node.PrimaryId is not null && node.Member[..2] != liar[..2]).Member;
                store.Cluster.Start(lost);
                Hear(store, liar);

                store.Cluster.Node(lost).PrimaryId.ShouldNotBeNull($"the others do not go on: {store.Last.Reason}");
                store.Last.Problems.Any(problem => problem.Message.StartsWith(liar, StringComparison.Ordinal) && problem.Message.Contains(Lies[kind].Words)).ShouldBe(Lies[kind].Words.Length > 0 || store.Last.Problems.Length > 0, string.Join("; ", store.Last.Problems));
                store.Told = truth => truth;
                store.Settle();
                store.ExpectWhole();
            },
            iter: 150);

    [Fact]
    public void A_store_grows_although_a_new_member_lies()
    {
        var store = Formed();
        store.Scale(5);
        store.Told = Liar("s4-1", Lies[6].Lie, Long);
        for (var round = 0; round < 40; round++)
            store.Reconcile();

        store.Cluster.Node("s4-0").Slots.Count.ShouldBeGreaterThan(3_000);
        store.Last.Problems.ShouldHaveSingleItem().Message.ShouldContain("nothing is lost with it: give it an empty volume");
    }

    [Fact]
    public void A_claim_that_is_new_is_waited_for_and_one_that_stays_alone_sets_its_node_apart()
    {
        var store = Formed();
        var view = Liar("s1-0", Lies[0].Lie, TimeSpan.Zero)(store.Cluster.View());

        var waiting = StorePlanner.Next(view, store.Goal);
        var apart = StorePlanner.Next(view with { Doubted = view.Doubted.SetItem("s1-0", Belief.Patience) }, store.Goal);

        waiting.Phase.ShouldBe(StorePhase.Waiting);
        waiting.Problems.ShouldBeEmpty();
        apart.Phase.ShouldBe(StorePhase.Blocked);
        apart.Problems.ShouldHaveSingleItem().Message.ShouldContain("The others know it with 5461 slots, which nobody else is given");
    }

    [Fact]
    public void A_promotion_of_which_not_all_have_heard_is_believed()
    {
        var store = new ModelStore(3, 2, elects: false);
        store.Settle();
        var old = store.Cluster.Node("s1-0");
        var slots = old.Slots;
        old.Alive = false;
        var truth = store.Cluster.View();
        var promoted = truth.Nodes["s1-1"] with { PrimaryId = null, Slots = slots, Epoch = 99 };

        var plan = StorePlanner.Next(truth with { Nodes = truth.Nodes.SetItem("s1-1", promoted) }, store.Goal);

        plan.Steps.OfType<StoreStep.Promote>().ShouldBeEmpty("two primaries would have the shard");
    }

    [Fact]
    public void A_replica_takes_the_place_of_a_primary_whose_member_now_lies_under_another_id()
    {
        var store = Formed();
        var gone = store.Cluster.Node("s1-0");
        gone.Alive = false;
        store.Cluster.Gossip();
        var liar = gone.Seen(store.Cluster) with { Id = "fresh-1", Peers = [], Epoch = 1_000 };
        store.Told = truth => truth with { Nodes = truth.Nodes.SetItem("s1-0", liar), Silent = truth.Silent.Remove("s1-0"), Doubted = truth.Doubted.SetItem("s1-0", Long) };
        Hear(store, "s1-0");

        store.Cluster.Node("s1-1").Slots.Count.ShouldBe(5_461);
    }

    [Fact]
    public void Nothing_is_formed_with_a_node_that_claims_slots_already()
    {
        var store = new ModelStore(3, 1, elects: true) { Told = Liar("s1-1", Lies[6].Lie, Long) };
        store.Reconcile();

        store.Goal.Formed.ShouldBeFalse();
        store.Last.Phase.ShouldBe(StorePhase.Blocked);
        store.Last.Reason.ShouldContain("s1-1 claims 16384 slots that this store did not give it");
    }

    [Fact]
    public void Nonsense_is_reported_with_the_words_of_the_node()
    {
        var store = Formed();
        var view = store.Cluster.View();

        var plan = StorePlanner.Next(view with { Nodes = view.Nodes.Remove("s1-1"), Nonsense = view.Nonsense.SetItem("s1-1", "s1-1 does not say which node it is") }, store.Goal);

        var problem = plan.Problems.ShouldHaveSingleItem();
        problem.Reason.ShouldBe("NotBelieved");
        problem.Message.ShouldContain("does not say which node it is");
    }

    private static ModelStore Formed()
    {
        var store = new ModelStore(3, 1, elects: false);
        store.Settle();
        return store;
    }

    private static Func<StoreView, StoreView> Liar(string member, Func<NodeView, StoreView, NodeView> lie, TimeSpan since) => truth =>
        truth.Nodes.TryGetValue(member, out var node)
            ? truth with { Nodes = truth.Nodes.SetItem(member, lie(node, truth)), Doubted = truth.Nodes.Keys.ToImmutableDictionary(one => one, _ => since) }
            : truth;

    private static void Hear(ModelStore store, string liar)
    {
        for (var round = 0; round < 10; round++)
        {
            store.Reconcile();
            store.Last.Steps.ShouldAllBe(step => IsHarmless(step, liar));
        }
    }

    private static bool IsHarmless(StoreStep step, string liar) => step switch
    {
        StoreStep.MoveSlot or StoreStep.AddSlots => false,
        StoreStep.Promote promote => promote.Node.Member != liar,
        StoreStep.Replicate replicate => replicate.Primary.Member != liar,
        _ => true,
    };

    private static PeerView Stranger(string id, SlotSet slots) => new(id, new StoreAddress("127.9.9.9", 6379), true, false, null, slots, 5_000);

    private static ImmutableSortedDictionary<int, string> Marks(StoreView truth)
    {
        var owner = truth.Nodes.Values.First(node => !node.Slots.IsEmpty);
        return owner.Slots.Enumerate().Take(5).ToImmutableSortedDictionary(slot => slot, _ => owner.Id);
    }
}
