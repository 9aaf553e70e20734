using System.Globalization;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Goals;

namespace Ops.Healing.Detection;

/// <summary>Goals that are violated, as findings at the workloads that miss them.</summary>
public static class GoalFindings
{
    // Requests, or processor time for each of them, that grow by less than half may be chance.
    private const double Rise = 1.5;

    // What a goal measures, from what is nearest to a cause to what is farthest: who waits for a busy service is slow too.
    private static readonly string[][] Nearest =
    [
        [GoalTypes.Ready], [GoalTypes.Replicas], [GoalTypes.Cpu, GoalTypes.Memory], [GoalTypes.Autoscale], [GoalTypes.MeanLatency, GoalTypes.P99Latency],
    ];

    /// <summary>
    /// One finding a workload, of the goals that are nearest to a cause; goals that are missed and have not settled, or were
    /// missed a moment ago, hold back those farther away. Of what is slow, one.
    /// </summary>
    /// <param name="snapshot">The namespace.</param>
    public static IReadOnlyList<Finding> Of(NamespaceSnapshot snapshot)
    {
        var nearest = Nearest.Select(types => snapshot.Goals.Where(one => IsOrWasMissed(one, snapshot.Now) && !IsIdle(one) && types.Contains(one.Goal.Type)).ToList()).FirstOrDefault(goals => goals.Count > 0)
            // Pods that are not needed harm nobody, so nothing else may be wrong.
            ?? [.. snapshot.Goals.Where(IsIdle)];
        var violated = nearest.Where(one => one.State == GoalStates.Violated).SelectMany(one => one.Targets.Where(target => target.IsMissed).Select(target => (Goal: one, Target: target))).ToList();
        if (violated.Exists(one => IsShared(one.Goal.Goal)))
            violated = [.. violated.Where(one => !IsShared(one.Goal.Goal)), Suspect(violated.Where(one => IsShared(one.Goal.Goal)), snapshot)];
        return [.. violated.Select(one => Of(one.Goal, one.Target)).DistinctBy(finding => (finding.Kind, finding.Name))];
    }

    /// <summary>Whether targets miss a goal because of one of them: who waits for what is slow is slow too, and a sum has parts.</summary>
    /// <param name="goal">The goal.</param>
    public static bool IsShared(HealingGoal goal) => goal.Combine == GoalCombinations.Sum || goal.Type is GoalTypes.MeanLatency or GoalTypes.P99Latency;

    // What was begun is what it is about until that has ended. Else whoever grew most in proportion is nearest to why, since who
    // waits for it was slower before; and where repairing that one was in vain, the next.
    private static (JudgedGoal Goal, GoalTarget Target) Suspect(IEnumerable<(JudgedGoal Goal, GoalTarget Target)> violated, NamespaceSnapshot snapshot) => violated
        .OrderByDescending(one => snapshot.Repairs.Any(repair => repair.Ended is null && Causes.IsOfGoal(repair.Cause) && repair.Workload == one.Target.Name))
        .ThenBy(one => Lasting.InVain(one.Goal, one.Target.Name, snapshot).Count)
        .ThenByDescending(one => one.Target.Growth).First();

    /// <summary>The violated goal that a finding tells of, or null.</summary>
    /// <param name="finding">A finding.</param>
    /// <param name="snapshot">The namespace.</param>
    public static (JudgedGoal Goal, GoalTarget Target)? GoalOf(Finding finding, NamespaceSnapshot snapshot) =>
        (from one in snapshot.Goals
         where one.State == GoalStates.Violated
         from target in one.Targets
         where target.IsMissed && target.Name == finding.Name && Of(one, target) == finding
         select ((JudgedGoal, GoalTarget)?)(one, target)).FirstOrDefault();

    /// <summary>Whether a goal that an incident may be about was violated and cannot be measured now, so that nobody can say that it is over.</summary>
    /// <param name="workload">Name of a workload; of two that share it, either one's goal counts.</param>
    /// <param name="snapshot">The namespace.</param>
    public static JudgedGoal? Unclear(string workload, NamespaceSnapshot snapshot) =>
        snapshot.Goals.FirstOrDefault(one => one is { IsOpen: true, State: GoalStates.Unknown } && one.Goal.Targets.Contains(workload));

    // What is farther away is measured over some seconds, and shows for so long what is over already.
    private static bool IsOrWasMissed(JudgedGoal goal, DateTimeOffset now) => goal.IsMissed || now - goal.LastMissed < goal.Goal.EffectiveSettle + PodSeries.Window;

    private static bool IsIdle(JudgedGoal goal) => goal.IsMissed && goal.Targets.Where(target => target.IsMissed).All(target => target.IsIdle);

    private static Finding Of(JudgedGoal goal, GoalTarget target) =>
        new(goal.Goal.Kind, target.Name, CauseOf(goal, target), $"goal {goal.Goal.Name} of HealingPolicy {goal.Policy}: {target.Why}, and the limit is {GoalMeasure.Format(goal.Goal, target.Limit)}{Requests(goal)}") { Goal = goal.Key };

    private static string CauseOf(JudgedGoal goal, GoalTarget target) => goal.Goal.Type switch
    {
        GoalTypes.Ready => Causes.GoalMissed,
        GoalTypes.Replicas => Causes.OtherReplicasWanted,
        _ when target.IsIdle => Causes.PodsIdle,
        GoalTypes.Autoscale => Causes.LoadRose,
        _ when IsOfLoad(goal, target) => Causes.LoadRose,
        GoalTypes.Cpu => Causes.ProcessorStressed,
        _ => Causes.GoalMissed,
    };

    private static bool IsOfLoad(JudgedGoal goal, GoalTarget target) =>
        goal.Requests / goal.RequestsWhenMet is { } growth && growth > Rise && (goal.Goal.Type != GoalTypes.Cpu || target.Growth <= growth * Rise);

    private static string Requests(JudgedGoal goal) => goal is { Requests: { } now, RequestsWhenMet: { } usual }
        ? string.Create(CultureInfo.InvariantCulture, $"; {now:0.0} requests/s, {usual:0.0} when it was met") : "";
}
