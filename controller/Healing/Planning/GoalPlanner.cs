using System.Globalization;
using Ops.Api;
using Ops.Healing.Catalogue.Actions;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Goals;
using Ops.Healing.Memory;

namespace Ops.Healing.Planning;

/// <summary>
/// What to do where a goal is missed: another number of pods within the goal's min and max where that is what is asked for or
/// more requests are the cause, else what a fault of the same look is repaired by. Pure.
/// </summary>
public static class GoalPlanner
{
    // No step more than doubles: what a wrong number can cost is bounded, and each step is verified before the next.
    private const int MostTimes = 2;

    // Scaled so that the goal is met with room: at the limit itself it would be missed again at once.
    private const double Aim = 0.8;

    /// <summary>The plan, or null where nothing may help.</summary>
    /// <param name="finding">A finding that <see cref="Causes.IsOfGoal"/>.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    /// <param name="tried">Types of actions that were done for the same goal and did not help, or did not last.</param>
    public static HealingPlan? Plan(Finding finding, NamespaceSnapshot snapshot, Baseline memory, IReadOnlyCollection<string> tried)
    {
        if (GoalFindings.GoalOf(finding, snapshot) is not var (judged, target) || snapshot.Workload(finding.Kind, finding.Name) is not { } workload)
            return null;
        switch (finding.Cause)
        {
            // Why a pod is not ready its own analysers say, once they are sure; until then a slow rollout is no fault.
            case Causes.GoalMissed when judged.Goal.Type == GoalTypes.Ready:
                return null;
            case Causes.OtherReplicasWanted:
                return Scaling(finding, judged.Goal.Replicas!.Value, $"Goal {judged.Goal.Name} asks for it.");
            case Causes.PodsIdle:
                return Scaling(finding, Math.Max(workload.Replicas > judged.Goal.Max ? judged.Goal.Max.Value : workload.Replicas - 1, judged.Goal.EffectiveMin), $"Goal {judged.Goal.Name} is met with fewer pods.");
            case Causes.LoadRose:
                // Where more pods were in vain, more requests were not why.
                return (tried.Contains(nameof(ScaleWorkload)) ? Fault() : null) ?? More(finding, judged, target, workload);
            default:
                return Fault() ?? More(finding, judged, target, workload);
        }

        // A change that came before goes back; without one, new processes have what the old ones lost; then more of them share the work.
        HealingPlan? Fault() => RulePlanner.OfFault(finding, snapshot, memory) is { } plan && !tried.Contains(plan.Actions[0].Type) ? plan : null;
    }

    /// <summary>Types of actions that were done for a finding's goal and did not help, or did not last.</summary>
    /// <param name="finding">A finding of a goal.</param>
    /// <param name="snapshot">The namespace.</param>
    public static IReadOnlySet<string> Tried(Finding finding, NamespaceSnapshot snapshot) => GoalFindings.GoalOf(finding, snapshot) is var (judged, target)
        ? Lasting.InVain(judged, target.Name, snapshot).SelectMany(repair => repair.Actions).ToHashSet(StringComparer.Ordinal) : new HashSet<string>();

    /// <summary>What was done for a finding's goal in vain, as people are told where nothing is left to do; null where nothing was.</summary>
    /// <param name="finding">A finding of a goal.</param>
    /// <param name="snapshot">The namespace.</param>
    public static string? WhyNone(Finding finding, NamespaceSnapshot snapshot)
    {
        if (GoalFindings.GoalOf(finding, snapshot) is not var (judged, target) || Lasting.InVain(judged, target.Name, snapshot) is not { Count: > 0 } vain)
            return null;
        var tried = string.Join(" and ", vain.GroupBy(repair => (repair.IsVain, Action: string.Join(", ", repair.Actions)))
            .OrderBy(group => group.Key.Action, StringComparer.Ordinal).ThenBy(group => group.Key.IsVain)
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Key.Action} {(group.Key.IsVain ? "did not help" : "did not last")} ({(group.Count() == 1 ? "once" : $"{group.Count()} times")})")));
        var room = judged.Goal.Max is { } max ? string.Create(CultureInfo.InvariantCulture, $"more pods than its max, {max}, are not allowed") : "the goal has no max, so nothing is scaled";
        return $"For goal {judged.Goal.Name} at {finding.Kind} {finding.Name} {tried}, and {room}. The same is done again only after the goal was met for {GoDuration.Format(Lasting.Window)}.";
    }

    /// <summary>
    /// Whether a plan for the finding has to wait because the last one for the same workload has just ended; of a goal whose
    /// targets miss it together, the one for any of them, and until that has ended.
    /// </summary>
    /// <param name="finding">A finding of a goal.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="past">Remediations of the namespace.</param>
    public static bool IsCooling(Finding finding, NamespaceSnapshot snapshot, IEnumerable<Remediation> past)
    {
        if (GoalFindings.GoalOf(finding, snapshot) is not var (judged, _))
            return false;
        var isShared = GoalFindings.IsShared(judged.Goal);
        return past.Where(one => Causes.IsOfGoal(one.Spec.Cause) && one.Status?.Phase != RemediationPhases.Refused)
            .Where(one => one.Spec.Actions.Any(action => action.Target.Kind == finding.Kind && (isShared ? judged.Goal.Targets.Contains(action.Target.Name) : action.Target.Name == finding.Name)))
            .Any(one => one.Status?.FinishedAt is { } finished ? snapshot.Now.UtcDateTime - finished < judged.Goal.EffectiveCooldown : isShared);
    }

    private static HealingPlan? More(Finding finding, JudgedGoal judged, GoalTarget target, Workload workload)
    {
        var pods = workload.Replicas;
        if (judged.Goal.Max is not { } max || pods >= max || pods < 1)
            return pods < judged.Goal.EffectiveMin ? Scaling(finding, judged.Goal.EffectiveMin, $"Goal {judged.Goal.Name} asks for at least so many pods.") : null;
        // Use of the processor falls in proportion to the pods, so the number follows; latency tells only that they are too few.
        var wanted = judged.Goal.Below is null && target is { Value: { } value, Limit: > 0 } ? (int)Math.Min(Math.Ceiling(pods * value / (Aim * target.Limit)), max) : pods * MostTimes;
        return Scaling(finding, Math.Clamp(wanted, Math.Max(pods + 1, judged.Goal.EffectiveMin), Math.Min(pods * MostTimes, max)), $"{target.Why}; goal {judged.Goal.Name} allows {max} pods.");
    }

    private static HealingPlan Scaling(Finding finding, int replicas, string rationale) => new(
        rationale,
        [new()
        {
            Type = nameof(ScaleWorkload),
            Target = new() { Kind = finding.Kind, Name = finding.Name },
            Parameters = new Dictionary<string, string> { [ScaleWorkload.ReplicasParameter] = replicas.ToString(CultureInfo.InvariantCulture) },
        }]);
}
