using Ops.Storage.Cluster;
using Ops.Storage.Planning.Rules;

namespace Ops.Storage.Planning;

/// <summary>
/// Observed store and goal to the next bounded step. Pure. The first rule that has something to say decides; a rule may
/// count on what those before it found in order.
/// </summary>
public static class StorePlanner
{
    private static readonly IStoreRule[] Rules =
    [
        new ReplaceDown(),
        new RestartHung(),
        new AwaitMembers(),
        new RefuseForeign(),
        new SpreadEpochs(),
        new Introduce(),
        new FinishOpenSlots(),
        new AssignFirstSlots(),
        new ElectPrimaries(),
        new AwaitAgreement(),
        new HandBack(),
        new AttachReplicas(),
        new RestoreFailover(),
        new ForgetGhosts(),
        new ReportOrphans(),
        new SpareDoubted(),
        new RollUpgrade(),
        new BalanceSlots(),
        new AwaitNews(),
        new LendReplicas(),
    ];

    /// <summary>Plans the next step.</summary>
    public static StorePlan Next(StoreView view, StoreGoal goal)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(goal);
        var state = new StoreState(view, goal);
        foreach (var rule in Rules)
        {
            if (rule.Next(state) is { } plan)
                return plan with { Steps = [.. plan.Steps.Take(goal.MaxSteps)], Problems = [.. state.Problems] };
        }

        // What only a person can bring back is not called steady.
        if (state.Problems.FirstOrDefault(problem => problem.Reason is "ShardLost" or "QuorumLost") is { } lost)
            return new StorePlan(StorePhase.Blocked, lost.Message, []) { Problems = [.. state.Problems] };
        if (state.Members.FirstOrDefault(node => node.IsPrimary && !node.Slots.IsEmpty && !node.Serves) is { } down)
            return new StorePlan(StorePhase.Waiting, $"{down.Member} does not serve yet: it still calls the cluster down", []) { Problems = [.. state.Problems] };
        if (state.Shards.FirstOrDefault(shard => shard.Primary is null && !shard.Goal.Leaving) is { } headless)
            return new StorePlan(StorePhase.Waiting, $"shard {headless.Goal.Name} has no primary that answers", []) { Problems = [.. state.Problems] };
        return new StorePlan(StorePhase.Steady, $"every slot has a primary and every primary its replicas{Lending.Words(state)}", []) { Problems = [.. state.Problems] };
    }
}
