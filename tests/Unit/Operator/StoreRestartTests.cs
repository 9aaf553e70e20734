using k8s.Models;
using Ops.Api;
using Ops.Operator.Stores;
using Ops.Storage.Planning;

namespace Ops.Operator.Tests;

/// <summary>What the planner is told of the pods before it restarts a member that hangs, and what is remembered of it.</summary>
public sealed class StoreRestartTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly StoreGoal Goal = new() { Shards = [new ShardGoal("s0", ["s-s0-0", "s-s0-1"])] };

    [Fact]
    public void A_member_is_as_old_as_its_process_or_else_its_pod_and_one_that_ends_has_no_age()
    {
        var (pod, process) = (Now.UtcDateTime.AddMinutes(-10), Now.UtcDateTime.AddSeconds(-30));
        V1Pod[] pods =
        [
            new() { Metadata = new() { Name = "runs", CreationTimestamp = pod }, Status = new() { ContainerStatuses = [new() { State = new() { Running = new() { StartedAt = process } } }] } },
            new() { Metadata = new() { Name = "waits", CreationTimestamp = pod }, Status = new() { ContainerStatuses = [new() { State = new() { Waiting = new() } }] } },
            new() { Metadata = new() { Name = "new", CreationTimestamp = process } },
            new() { Metadata = new() { Name = "ends", CreationTimestamp = pod, DeletionTimestamp = process } },
        ];

        StoreGoals.Aged(Goal, pods, Now).Ages.Select(one => (one.Key, one.Value.TotalSeconds)).ShouldBe([("runs", 30), ("waits", 600), ("new", 30)], ignoreOrder: true);
    }

    [Fact]
    public void A_restart_is_remembered_once_however_often_it_is_planned_before_the_pod_is_seen_to_end()
    {
        var plan = new StorePlan(StorePhase.Restarting, "s-s0-1 hangs", [new StoreStep.Restart("s-s0-1", Hangs: true)]);

        var status = new ShardedStoreStatus { History = StoreHistory.Of(null, [], plan, Goal, Now) };
        status = new() { History = StoreHistory.Of(status, [], plan, Goal, Now.AddSeconds(1)) };

        var entry = status.History!.ShouldHaveSingleItem();
        (entry.Kind, entry.Shard, entry.Message).ShouldBe((StoreEventKinds.Restart, "s0", "s-s0-1 hung and started anew"));
        StoreHistory.Of(status, [], plan, Goal, Now.AddMinutes(2))!.Count.ShouldBe(2);
    }
}
