using System.Collections.Immutable;
using CsCheck;
using Ops.Storage.Cluster;
using Ops.Storage.Load;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

/// <summary>Replicas of cold shards that serve the reads of hot ones.</summary>
public sealed class LendingTests
{
    // What can happen between two plans; a number picks the member or the shard.
    private static readonly Gen<(int Kind, int Pick)> Events = Gen.Select(Gen.Int[0, 7], Gen.Int[0, 99]);

    [Fact]
    public void A_replica_of_the_coldest_shard_serves_the_hottest_and_goes_back_when_the_reads_even_out()
    {
        var store = new ReadStore(shards: 3, replicas: 2, barrier: 1);
        store.Read(900_000, 30_000, 60_000);

        store.Run(ReadStore.Windows(1) + 2);

        store.Changes.ShouldHaveSingleItem().ShouldBe("s1-2 to s0-0");
        store.Store.Last.Reason.ShouldBe("every slot has a primary and every primary its replicas; s1-2 is lent to shard s0");
        store.Lent.ShouldBe(["s1-2"]);

        store.Run(ReadStore.Windows(1));
        store.Changes[1].ShouldBe("s2-2 to s0-0");
        // Nobody has one more to give.
        store.Run(ReadStore.Windows(4));
        store.Changes.Count.ShouldBe(2);

        store.Read(200_000, 200_000, 200_000);
        store.Run(ReadStore.Windows(6));
        store.Lent.ShouldBeEmpty();
        store.Store.ExpectWhole();
        store.Store.Cluster.Nodes.ShouldAllBe(node => !node.NoFailover);
        store.Changes.Count.ShouldBe(4);
    }

    [Fact]
    public void Nothing_is_lent_for_a_moment_for_little_for_clients_of_primaries_nor_without_being_asked()
    {
        var moment = new ReadStore(shards: 3, replicas: 2, barrier: 1);
        moment.Read(10_000, 10_000, 10_000);
        moment.Run(ReadStore.Windows(1) - 1);
        moment.Read(900_000, 10_000, 10_000);
        moment.Run(2);
        moment.Read(10_000, 10_000, 10_000);
        moment.Run(ReadStore.Windows(3));
        moment.Changes.ShouldBeEmpty();

        var little = new ReadStore(shards: 3, replicas: 2, barrier: 1);
        little.Read(250, 1, 1);
        little.Run(ReadStore.Windows(3));
        little.Changes.ShouldBeEmpty();

        var primaries = new ReadStore(shards: 3, replicas: 2, barrier: 1) { AtReplicas = 0 };
        primaries.Read(900_000, 10_000, 10_000);
        primaries.Run(ReadStore.Windows(3));
        primaries.Changes.ShouldBeEmpty();

        var unasked = new ReadStore(shards: 3, replicas: 2, barrier: null);
        unasked.Read(900_000, 10_000, 10_000);
        unasked.Run(ReadStore.Windows(3));
        unasked.Changes.ShouldBeEmpty();
    }

    [Fact]
    public void A_shard_lends_none_that_its_barrier_needs()
    {
        var store = new ReadStore(shards: 3, replicas: 2, barrier: 2);
        store.Read(900_000, 10_000, 10_000);
        store.Run(ReadStore.Windows(3));
        store.Changes.ShouldBeEmpty();
    }

    [Fact]
    public void A_lender_that_loses_a_replica_gets_the_lent_one_back_at_once()
    {
        var store = Lending();
        store.Store.Cluster.Node("s1-1").Alive = false;

        store.Run(2);

        store.Store.Cluster.Node("s1-2").PrimaryId.ShouldBe(store.Store.Cluster.Node("s1-0").Id);
        // It lacks the keys of its shard until it has copied them, and is not elected before.
        store.Store.Cluster.Node("s1-2").NoFailover.ShouldBeTrue();
        store.Run(4);
        store.Store.Cluster.Node("s1-2").NoFailover.ShouldBeFalse();
    }

    [Fact]
    public void A_lender_that_loses_its_primary_elects_its_own_replica_and_gets_the_lent_one_back()
    {
        var store = Lending();
        store.Store.Cluster.Node("s1-0").Alive = false;

        store.Run(8);

        store.Store.Cluster.Node("s1-1").Slots.IsEmpty.ShouldBeFalse();
        store.Store.Cluster.Node("s1-2").PrimaryId.ShouldBe(store.Store.Cluster.Node("s1-1").Id);
        store.Store.Last.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void A_borrower_that_loses_its_primary_elects_one_of_its_own_and_never_the_lent_one()
    {
        var store = Lending();
        store.Store.Cluster.Node("s1-2").Offset = 1_000;
        store.Store.Cluster.Node("s0-0").Alive = false;

        store.Run(8);

        store.Store.Cluster.Nodes.Where(node => !node.Slots.IsEmpty && node.Alive).Select(node => node.Member[..2]).ShouldBe(["s0", "s1", "s2"], ignoreOrder: true);
    }

    [Fact]
    public void A_lent_replica_that_was_restarted_and_elected_nevertheless_hands_over_to_the_shard_that_it_served()
    {
        var store = Lending();
        (store.Store.Cluster.Node("s1-2").NoFailover, store.Store.Cluster.Node("s1-2").Offset) = (false, 1_000);
        store.Store.Cluster.Node("s0-0").Alive = false;
        store.Store.Cluster.Gossip();
        store.Store.Cluster.Node("s1-2").Slots.IsEmpty.ShouldBeFalse();

        store.Run(8);

        store.Store.Cluster.Nodes.Where(node => !node.Slots.IsEmpty && node.Alive).Select(node => node.Member[..2]).ShouldBe(["s0", "s1", "s2"], ignoreOrder: true);
        store.Store.Cluster.Node("s1-1").PrimaryId.ShouldBe(store.Store.Cluster.Node("s1-0").Id);
        store.Store.Cluster.Node("s1-2").PrimaryId.ShouldBe(store.Store.Cluster.Node("s1-0").Id);
    }

    [Fact]
    public void A_lent_replica_that_may_be_the_last_copy_is_left_where_it_is()
    {
        var store = Lending();
        foreach (var member in (string[])["s0-0", "s0-1", "s0-2"])
            store.Store.Cluster.Node(member).Alive = false;

        store.Run(5);

        store.Store.Last.Problems.Select(problem => problem.Reason).ShouldContain("ShardLost");
        store.Store.Cluster.Node("s1-2").PrimaryId.ShouldBe(store.Store.Cluster.Node("s0-0").Id);
    }

    [Fact]
    public void Before_members_start_anew_or_a_shard_leaves_lent_replicas_go_back()
    {
        var upgraded = Lending();
        upgraded.Store.Upgrade();
        upgraded.Store.Settle();
        upgraded.Store.ExpectWhole();
        upgraded.Store.Cluster.Nodes.ShouldAllBe(node => !node.NoFailover);

        var scaled = Lending();
        scaled.Store.Scale(1);
        scaled.Store.Settle();
        scaled.Lent.ShouldBeEmpty();

        var stopped = Lending();
        stopped.Barrier = null;
        stopped.Run(8);
        stopped.Lent.ShouldBeEmpty();
        stopped.Store.ExpectWhole();
    }

    [Fact]
    public void An_operator_that_dies_between_the_two_commands_of_a_loan_leaves_nobody_that_cannot_be_elected()
    {
        var store = new ReadStore(shards: 3, replicas: 2, barrier: 1);
        store.Read(900_000, 10_000, 20_000);
        for (var round = 0; round < ReadStore.Windows(1) && !store.Store.Cluster.Node("s1-2").NoFailover; round++)
            store.Run(1, stopAfter: 0);
        store.Store.Cluster.Node("s1-2").NoFailover.ShouldBeTrue();
        store.Lent.ShouldBeEmpty();

        store.Read(0, 0, 0);
        store.Run(3);

        store.Store.Cluster.Nodes.ShouldAllBe(node => !node.NoFailover);
    }

    [Fact]
    public void A_steady_load_comes_to_rest_with_no_node_busier_than_before() =>
        Gen.Select(Gen.Int[3, 5], Gen.Int[1, 3], Gen.Int[1, 2], Gen.Double[0, 1].Array[5], Gen.Double[1, 12]).Sample(
            (shards, replicas, barrier, draws, tail) =>
            {
                var store = new ReadStore(shards, replicas, barrier);
                store.Read([.. draws.Take(shards).Select(draw => 1_000_000 * Math.Pow(draw, tail))]);
                var before = store.Busiest();
                store.Run(ReadStore.Windows((shards * (replicas - 1)) + 1));
                store.Busiest().ShouldBeLessThanOrEqualTo(before);
                var changes = store.Changes.ToList();
                store.Returns.ShouldBe(0, "nothing that a steady load asked for is undone");
                store.Run(ReadStore.Windows(3));
                store.Changes.ShouldBe(changes, "it rests");

                store.Barrier = null;
                store.Run(6);
                store.Lent.ShouldBeEmpty();
                store.Store.ExpectWhole();
            },
            iter: 20);

    [Fact]
    public void Whatever_happens_no_shard_goes_below_its_barrier_by_lending_one_changes_at_a_time_and_all_come_back() =>
        Gen.Select(Gen.Int[3, 4], Gen.Int[2, 3], Gen.Int[1, 2], Gen.Double[0, 1].Array[24], Events.List[5, 25]).Sample(
            (shards, replicas, barrier, draws, events) =>
            {
                // The store checks each loan as it is planned, see ReadStore.
                var store = new ReadStore(shards, replicas, barrier);
                foreach (var (kind, pick) in events)
                {
                    Disturb(store, kind, pick, [.. Enumerable.Range(0, 6).Select(shard => 1_000_000 * Math.Pow(draws[(pick + shard) % draws.Length], 8))]);
                    store.Run(1 + (pick % 5));
                }

                foreach (var node in store.Store.Cluster.Nodes)
                    node.Alive = true;
                store.Barrier = null;
                store.Store.Cluster.Gossip();
                store.Run(10);
                store.Store.Settle();
                store.Store.DropDrained();
                store.Store.Settle();
                store.Lent.ShouldBeEmpty();
                store.Store.ExpectWhole();
                store.Store.Cluster.Nodes.ShouldAllBe(node => !node.NoFailover);
            },
            iter: 20);

    [Fact]
    public void A_window_begins_anew_with_another_layout_and_a_counter_that_falls_and_outlives_a_look_that_failed()
    {
        var (window, start, length) = (new ReadWindow(), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromSeconds(10));
        var view = new ReadStore(shards: 3, replicas: 1, barrier: 1).Store.Cluster.View();
        for (var second = 0; second <= 10; second++)
            window.Add(Counting(view, 40 * second), length, start.AddSeconds(second));
        var rates = window.Rates();
        rates.Length.ShouldBe(ReadWindow.Parts);
        rates.SelectMany(part => part.Values).ShouldAllBe(rate => Math.Abs(rate - 40) < 1e-9);

        window.Add(Counting(view, 440) with { Nodes = view.Nodes.Remove("s0-0"), Silent = ImmutableDictionary<string, TimeSpan>.Empty.Add("s0-0", TimeSpan.FromSeconds(1)) }, length, start.AddSeconds(11));
        window.Rates().ShouldNotBeEmpty();
        window.Add(Counting(view, 480) with { Nodes = view.Nodes.SetItem("s0-1", view.Nodes["s0-1"] with { PrimaryId = "other", KeysRead = 480 }) }, length, start.AddSeconds(12));
        window.Rates().ShouldBeEmpty();

        for (var second = 13; second <= 24; second++)
            window.Add(Counting(view, 40 * second), length, start.AddSeconds(second));
        window.Rates().ShouldNotBeEmpty();
        window.Add(Counting(view, 5), length, start.AddSeconds(25));
        window.Rates().ShouldBeEmpty();
    }

    private static StoreView Counting(StoreView view, long read) =>
        view with { Nodes = view.Nodes.ToImmutableSortedDictionary(node => node.Key, node => node.Value with { KeysRead = read }) };

    private static ReadStore Lending()
    {
        var store = new ReadStore(shards: 3, replicas: 2, barrier: 1);
        store.Read(900_000, 10_000, 600_000);
        store.Run(ReadStore.Windows(2));
        store.Lent.ShouldBe(["s1-2"]);
        return store;
    }

    private static void Disturb(ReadStore store, int kind, int pick, double[] reads)
    {
        var nodes = store.Store.Cluster.Nodes;
        var node = nodes[pick % nodes.Count];
        switch (kind)
        {
            case 0 or 1:
                store.Read(reads);
                store.Run(ReadStore.Windows(1));
                break;
            case 2:
                store.Run(1, steps: 1, stopAfter: pick % 2);
                break;
            // One at a time: that a shard whose members are all gone is lost has nothing to do with lending.
            case 3 when nodes.All(other => other is { Alive: true, Synced: true }):
                node.Alive = false;
                store.Store.Cluster.Gossip();
                break;
            case 4:
                foreach (var down in nodes.Where(other => !other.Alive))
                {
                    // A process that starts anew has the settings of its template.
                    (down.Alive, down.NoFailover) = (true, false);
                    store.Store.Cluster.MoveAddress(down);
                }

                break;
            case 5:
                store.Barrier = pick % 3 == 0 ? null : 1 + (pick % 2);
                break;
            case 6 when store.Store.Goal.Shards.All(shard => !shard.Leaving):
                store.Store.Scale(3 + (pick % 2));
                break;
            case 7 when store.Store.Goal.Outdated.IsEmpty && pick % 3 == 0:
                store.Store.Upgrade();
                break;
            default:
                break;
        }
    }
}
