using Ops.Storage.Cluster;

namespace Ops.Storage.Planning;

/// <summary>When a store is looked at again. Pure.</summary>
public static class StorePace
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan WhileRepairing = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan WhileSteady = TimeSpan.FromSeconds(1);

    // A member whose connections are refused misses a look at once, and would be looked at without a pause: 20 looks a second.
    private static readonly TimeSpan BeforeElection = TimeSpan.FromMilliseconds(50);

    /// <summary>The pause after a plan was carried out.</summary>
    public static TimeSpan Next(StorePlan plan, StoreView view, StoreGoal goal)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(goal);
        if (plan.Phase == StorePhase.Rebalancing)
            return AtOnce;
        if (plan.Phase is StorePhase.Steady or StorePhase.Blocked)
            // Where we elect, silence has to be seen early: a quarter of the wait adds at most that much to it.
            return goal.EngineElects ? WhileSteady : Shorter(WhileSteady, goal.FailoverAfter / 4);
        // The next look ends when the first silence has lasted long enough, and not a pause later.
        return goal.EngineElects
            ? WhileRepairing
            : view.Silent.Values.Where(since => since < goal.FailoverAfter)
                .Select(since => goal.FailoverAfter - since - goal.AnswerWithin)
                .Select(left => left > BeforeElection ? left : BeforeElection)
                .Append(WhileRepairing)
                .Min();
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
