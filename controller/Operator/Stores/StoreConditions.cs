using Ops.Api;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Operator.Stores;

/// <summary>What is seen of a store -> Ready, Progressing, Degraded, Durable. Pure.</summary>
internal static class StoreConditions
{
    internal static IEnumerable<ConditionFinding> Of(StoreObservation seen, IReadOnlyList<StoreShardStatus> rows, int covered, int replicas, int wanted) =>
    [
        Ready(seen, covered),
        Progressing(seen, replicas, wanted),
        Degraded(seen),
        Durable(seen.Store.Spec, rows, covered),
        .. CopyConditions.Of(seen.Store.Spec, seen.Copies),
        .. UserConditions.Of(seen.Store.Spec, seen.Users),
    ];

    private static ConditionFinding Ready(StoreObservation seen, int covered)
    {
        var served = $"{covered} of {SlotSet.Slots} slots are served";
        if (covered == SlotSet.Slots)
            return new(ConditionTypes.Ready, true, "Serving", served);
        if (seen.Trouble is { } trouble)
            return new(ConditionTypes.Ready, false, trouble.Reason, $"{served}; {trouble.Message}");
        return new(ConditionTypes.Ready, false, seen.Memory.Formed ? "SlotsUncovered" : "Forming", $"{served}; {seen.Plan.Reason}");
    }

    private static ConditionFinding Progressing(StoreObservation seen, int replicas, int wanted)
    {
        if (seen.Store.Spec.Suspend)
            return new(ConditionTypes.Progressing, false, "Suspended", "spec.suspend is true");
        if (seen.Trouble is { } trouble)
            return new(ConditionTypes.Progressing, false, trouble.Reason, trouble.Message);
        if (seen.Plan.Phase == StorePhase.Blocked)
            return new(ConditionTypes.Progressing, false, seen.Plan.Problems.FirstOrDefault()?.Reason ?? "Blocked", seen.Plan.Reason);
        if (seen.Plan.Phase != StorePhase.Steady)
            return new(ConditionTypes.Progressing, true, seen.Plan.Phase.ToString(), seen.Plan.Reason);
        return replicas < wanted
            ? new(ConditionTypes.Progressing, true, "WaitingForReplicas", $"{replicas} of {wanted} replicas follow their primary")
            : new(ConditionTypes.Progressing, false, "Steady", seen.Plan.Reason);
    }

    private static ConditionFinding Degraded(StoreObservation seen) => (seen.Trouble, seen.Plan.Problems.FirstOrDefault()) switch
    {
        ({ } trouble, _) => new(ConditionTypes.Degraded, true, trouble.Reason, trouble.Message),
        (_, { } problem) => new(ConditionTypes.Degraded, true, problem.Reason, Approval(seen, problem)),
        _ when seen.PodTrouble is { } pod => new(ConditionTypes.Degraded, true, pod.Reason, pod.Message),
        _ => new(ConditionTypes.Degraded, false, "AsExpected", "nothing needs attention"),
    };

    private static string Approval(StoreObservation seen, StoreProblem problem) => problem.Reason == "QuorumLost"
        ? $"{problem.Message} To approve one for exactly this state, set spec.failover.approveTakeover to {StoreGoals.TakeoverToken(seen.Goal, seen.View)}."
        : problem.Message;

    // Any replica may be elected, also one that did not confirm: the engine's replicas know each other's offsets only as of the
    // last ping. So a write is safe where all of a shard's replicas have it, and that can be had only while all follow.
    private static ConditionFinding Durable(ShardedStoreSpec spec, IReadOnlyList<StoreShardStatus> rows, int covered)
    {
        var (asked, usual) = (spec.Durability.EffectiveMinReplicasToWrite, spec.EffectiveReplicasPerShard);
        if (spec.Engine.Type == StoreEngines.Garnet)
            return new(ConditionTypes.Durable, false, "NotOffered", "garnet has no WAIT, so an acknowledged write that no replica has yet goes with its primary");
        if (asked == 0)
            return new(ConditionTypes.Durable, false, "NotAsked", "spec.durability.minReplicasToWrite is 0, so an acknowledged write may go with its primary");
        foreach (var row in rows.Where(row => row.Leaving is null || row.Slots > 0))
        {
            // One that is lent is not elected anywhere, and one that was lent to this shard is not either.
            var all = (row.Members ?? []).Count(member => member.LentTo is null) - 1;
            var following = (row.Members ?? []).Count(member => member is { InSync: true, LentTo: null });
            if (row.Primary is null || following < asked)
                return new(ConditionTypes.Durable, false, "TooFewReplicas", $"shard {row.Name} has {(row.Primary is null ? "no primary" : $"{following} of {asked} replicas in step")}; its writes wait or are refused");
            if (following < all)
                return new(ConditionTypes.Durable, false, "ReplicaMissing", $"shard {row.Name} takes writes with {following} of {all} replicas in step: WAIT {all} confirms none of them now, and one that only {following} confirmed is lost if the other is elected");
        }

        var other = string.Join(", ", rows.Where(row => row.Replicas is { } replicas && replicas != usual).Select(row => $"{row.Replicas} in {row.Name}"));
        return covered == SlotSet.Slots
            ? new(ConditionTypes.Durable, true, "Held", $"a write for which WAIT returned {usual}{(other.Length > 0 ? $" ({other})" : "")}, all replicas of its shard, survives the loss of any one node")
            : new(ConditionTypes.Durable, false, "SlotsUncovered", $"{covered} of {SlotSet.Slots} slots are served");
    }
}
