namespace Ops.Api;

/// <summary>
/// What a schema cannot say about a goal of a HealingPolicy: each rule as CEL for the API server and as C# for the healer. A
/// test holds the two against each other.
/// </summary>
public static class HealingGoalRules
{
    // Fields with a schema default are always present when CEL runs, so these rules need no has() for combine.
    internal const string PercentRule = "self.type in ['cpu', 'memory'] ? has(self.percentOfLimit) : (self.type == 'autoscale' || !has(self.percentOfLimit))";
    internal const string PercentMessage = "spec.goals[].percentOfLimit is for the types cpu and memory, which need it, and autoscale; add or remove it";

    internal const string BelowRule =
        "(self.type in ['meanLatency', 'p99Latency'] ? has(self.below) : (self.type == 'autoscale' || !has(self.below))) && (!has(self.below) || duration(self.below) > duration('0s'))";

    internal const string BelowMessage = "spec.goals[].below, above 0s, is for the types meanLatency and p99Latency, which need it, and autoscale; add, change or remove it";

    internal const string ReplicasRule = "(self.type == 'replicas') == has(self.replicas)";
    internal const string ReplicasMessage = "spec.goals[].replicas is for the type replicas, which needs it; add or remove it";

    internal const string AutoscaleRule = "self.type != 'autoscale' || (has(self.max) && has(self.percentOfLimit) != has(self.below))";
    internal const string AutoscaleMessage = "spec.goals[] of type autoscale needs max and one of percentOfLimit and below; add what is missing, or remove one of the two";

    internal const string RangeRule = "self.type in ['ready', 'memory', 'replicas'] ? !has(self.min) && !has(self.max) : (!has(self.min) || (has(self.max) && self.min <= self.max))";
    internal const string RangeMessage = "spec.goals[].min needs a max that is not below it, and both are for the types cpu, meanLatency, p99Latency and autoscale; change or remove them";

    internal const string CombineRule = "self.combine == 'each' || self.type in ['meanLatency', 'p99Latency']";
    internal const string CombineMessage = "spec.goals[].combine can be sum for the types meanLatency and p99Latency only; remove it";

    /// <summary>Every broken rule as the sentence that a user reads; empty when all hold.</summary>
    /// <param name="goal">A goal that passed its schema.</param>
    public static IEnumerable<string> Broken(HealingGoal goal)
    {
        var (isUse, isLatency, isAutoscale) = (goal.Type is GoalTypes.Cpu or GoalTypes.Memory, goal.Type is GoalTypes.MeanLatency or GoalTypes.P99Latency, goal.Type == GoalTypes.Autoscale);
        if (isUse ? goal.PercentOfLimit is null : !isAutoscale && goal.PercentOfLimit is not null)
            yield return PercentMessage;
        if ((isLatency ? goal.Below is null : !isAutoscale && goal.Below is not null) || (GoDuration.TryParse(goal.Below, out var below) && below <= TimeSpan.Zero))
            yield return BelowMessage;
        if ((goal.Type == GoalTypes.Replicas) != goal.Replicas is not null)
            yield return ReplicasMessage;
        if (isAutoscale && (goal.Max is null || goal.PercentOfLimit is null == goal.Below is null))
            yield return AutoscaleMessage;
        if (goal.Type is GoalTypes.Ready or GoalTypes.Memory or GoalTypes.Replicas ? goal.Min is not null || goal.Max is not null : goal.Min is { } min && !(min <= goal.Max))
            yield return RangeMessage;
        if (goal.Combine != GoalCombinations.Each && !isLatency)
            yield return CombineMessage;
    }
}
