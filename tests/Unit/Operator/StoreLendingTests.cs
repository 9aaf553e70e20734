using System.Collections.Immutable;
using Ops.Api;
using Ops.Operator.Stores;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Operator.Tests;

/// <summary>A replica that is lent to another shard, in the goal, the status, the conditions and the history.</summary>
public sealed class StoreLendingTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_shard_keeps_what_its_barrier_and_its_writes_need()
    {
        StoreGoals.Goal(Store("off", barrier: 1, durable: 0), 3, Now).MigrationBarrier.ShouldBeNull();
        StoreGoals.Goal(Store("reads", barrier: 1, durable: 0), 3, Now).MigrationBarrier.ShouldBe(1);
        StoreGoals.Goal(Store("reads", barrier: 1, durable: 2), 3, Now).MigrationBarrier.ShouldBe(2);
        StoreGoals.Goal(Store("reads", barrier: 2, durable: 1), 3, Now).MigrationBarrier.ShouldBe(2);
    }

    [Fact]
    public void A_lent_replica_is_a_row_of_its_own_shard_and_counts_for_the_one_that_it_serves()
    {
        var store = Store("reads", barrier: 1, durable: 1);
        store.Status = StoreStatusPlanner.Plan(Observe(store, lent: false));
        (store.Status.ReplicasLent, store.Status.History).ShouldBe((null, null));

        var status = StoreStatusPlanner.Plan(Observe(store, lent: true));

        status.ReplicasLent.ShouldBe("s-s1-2 to s0");
        status.ReplicasInSync.ShouldBe("6/6");
        status.Shards!.Select(row => row.Replicas).ShouldBe([3, 1, 2]);
        status.Shards!.Select(row => row.KeysReadPerSecond).ShouldBe([40, 20, 30]);
        var member = status.Shards![1].Members![2];
        (member.Role, member.LentTo, member.InSync, member.LagBytes).ShouldBe(("replica", "s0", true, 10_000));
        status.History!.ShouldHaveSingleItem().ShouldBe(new() { At = Now.UtcDateTime, Kind = StoreEventKinds.Lending, Shard = "s1", Message = "s-s1-2 was lent to shard s0" });
        var durable = Conditions.Find(status.Conditions, ConditionTypes.Durable)!;
        (durable.Status, durable.Reason).ShouldBe(("True", "Held"));
        durable.Message.ShouldContain("WAIT returned 2 (3 in s0, 1 in s1), all replicas of its shard");

        store.Status = status;
        StoreStatusPlanner.Plan(Observe(store, lent: false)).History![0].Message.ShouldBe("s-s1-2 went back from shard s0");
    }

    [Fact]
    public void A_lent_replica_that_falls_silent_stays_shown_as_lent_and_one_that_only_strays_is_not()
    {
        var store = Store("reads", barrier: 1, durable: 1);
        store.Status = StoreStatusPlanner.Plan(Observe(store, lent: true));
        var seen = Observe(store, lent: true);

        var silent = StoreStatusPlanner.Plan(seen with { View = seen.View with { Nodes = seen.View.Nodes.Remove("s-s1-2") } });
        (silent.Shards![1].Members![2].Role, silent.Shards[1].Members![2].LentTo).ShouldBe(("silent", "s0"));
        silent.History.ShouldBeNull();

        var stray = StoreStatusPlanner.Plan(seen with { View = seen.View with { Nodes = seen.View.Nodes.SetItem("s-s1-2", seen.View.Nodes["s-s1-2"] with { NoFailover = false }) } });
        (stray.Shards![1].Members![2].LentTo, stray.Shards[1].Members![2].InSync).ShouldBe((null, false));
        Conditions.Find(stray.Conditions, ConditionTypes.Durable)!.Reason.ShouldBe("ReplicaMissing");
    }

    [Fact]
    public void A_lender_whose_last_replica_is_out_of_step_is_not_called_durable()
    {
        var store = Store("reads", barrier: 1, durable: 1);
        var seen = Observe(store, lent: true);

        var status = StoreStatusPlanner.Plan(seen with { View = seen.View with { Nodes = seen.View.Nodes.SetItem("s-s1-1", seen.View.Nodes["s-s1-1"] with { LinkUp = false }) } });

        Conditions.Find(status.Conditions, ConditionTypes.Durable)!.Message.ShouldContain("shard s1 has 0 of 1 replicas in step");
    }

    // 10 keys a second of each node; of shard s0 the offset is 20,000, of which a replica has 10,000.
    private static StoreObservation Observe(ShardedStore store, bool lent)
    {
        var goal = StoreGoals.Goal(store, 3, Now);
        var nodes = goal.Shards.SelectMany((shard, index) => shard.Members.Select((member, ordinal) => new NodeView
        {
            Member = member,
            Id = $"id-{member}",
            Address = new StoreAddress("10.0.0.1", 6379),
            PrimaryId = ordinal == 0 ? null : lent && member == "s-s1-2" ? "id-s-s0-0" : $"id-{shard.Members[0]}",
            NoFailover = lent && member == "s-s1-2",
            LinkUp = ordinal > 0,
            Offset = ordinal == 0 ? 20_000 : 10_000,
            Slots = ordinal == 0 ? SlotSet.Range(16_384 * index / 3, (16_384 * (index + 1) / 3) - 1) : SlotSet.Empty,
            Epoch = index + 1,
        })).ToList();
        var memory = new StoreMemory(true, nodes.ToImmutableDictionary(node => node.Member, node => node.Id), ImmutableDictionary<string, StoreCopy>.Empty);
        var view = new StoreView
        {
            Nodes = nodes.ToImmutableSortedDictionary(node => node.Member, node => node),
            Reads = [nodes.ToImmutableDictionary(node => node.Member, _ => 1.0), nodes.ToImmutableDictionary(node => node.Member, _ => 10.0)],
        };
        return new(store, goal, view, new StorePlan(StorePhase.Steady, "as it should be", []), memory, null, null, FreshNumbers: true, null, Now);
    }

    private static ShardedStore Store(string mode, int barrier, int durable) => new()
    {
        Metadata = new() { Name = "s", NamespaceProperty = "default", Uid = "u", Generation = 1 },
        Spec = new()
        {
            Shards = 3,
            ReplicasPerShard = 2,
            Engine = new() { Type = "redis" },
            Durability = new() { MinReplicasToWrite = durable },
            Rebalancing = new() { ReplicaMigration = new() { Mode = mode, Barrier = barrier } },
        },
    };
}
