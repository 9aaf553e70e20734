using k8s.Models;
using Ops.Api;

namespace Ops.Planning.Pools;

/// <summary>What is seen of a pool -> its status. Pure; the previous status is part of the input.</summary>
public static class PoolStatusPlanner
{
    /// <summary>The status to show.</summary>
    public static ModelPoolStatus Plan(PoolObservation seen)
    {
        var pool = seen.Pool;
        var before = pool.Status;
        var plan = seen.Fleet is { } fleet ? fleet.Plan : before?.Plan;
        var count = ReplicaCount.Of(seen);
        var trouble = seen.Plan.Problem ?? DeploymentTrouble(seen.Deployment) ?? PodTrouble.Worst(seen.Pods, seen.Deployment);
        var (watts, joules, tokens, clock) = Shown(before, seen.Numbers);
        return new()
        {
            ObservedGeneration = pool.Metadata.Generation,
            Replicas = count.Total,
            ReadyReplicas = count.Ready,
            Selector = PoolPlanner.Selector(seen.Host ?? pool),
            Watts = watts,
            JoulesPerToken = joules,
            TokensPerSecond = tokens,
            ClockMHz = clock,
            Sleeping = Sleeping(seen),
            Plan = plan,
            Conditions = Conditions.Merge(
                before?.Conditions,
                [
                    Ready(seen, count, trouble),
                    Progressing(pool, seen.Plan, count, trouble),
                    trouble is null
                        ? new(ConditionTypes.Degraded, false, "AsExpected", "nothing needs attention")
                        : new(ConditionTypes.Degraded, true, trouble.Reason, trouble.Message),
                    EnergyLimited(pool.Spec.Energy, plan, count, clock),
                ],
                pool.Metadata.Generation,
                seen.Now),
        };
    }

    private static IReadOnlyList<string>? Sleeping(PoolObservation seen)
    {
        if (!seen.Pool.Spec.EffectiveScaling.Sleeps)
            return null;
        var sleeping = seen.Sleeping ?? seen.Pool.Status?.Sleeping;
        return sleeping is { Count: > 0 } ? sleeping : null;
    }

    /// <summary>Whether the numbers would change what the status shows.</summary>
    /// <param name="status">The status as it stands, or null.</param>
    /// <param name="numbers">The newest numbers, or null.</param>
    public static bool WouldShowAnew(ModelPoolStatus? status, PoolNumbers? numbers) =>
        Shown(status, numbers) != (status?.Watts, status?.JoulesPerToken, status?.TokensPerSecond, status?.ClockMHz);

    private static (double? Watts, double? JoulesPerToken, double? TokensPerSecond, int? ClockMHz) Shown(ModelPoolStatus? before, PoolNumbers? numbers) =>
        numbers is null
            ? (before?.Watts, before?.JoulesPerToken, before?.TokensPerSecond, before?.ClockMHz)
            : (Steady.Number(before?.Watts, numbers.Watts),
                numbers.HasRates ? Steady.Number(before?.JoulesPerToken, numbers.JoulesPerToken) : before?.JoulesPerToken,
                numbers.HasRates ? Steady.Number(before?.TokensPerSecond, numbers.TokensPerSecond) : before?.TokensPerSecond,
                numbers.ClockMHz);

    private static ConditionFinding Ready(PoolObservation seen, ReplicaCount count, PlanProblem? trouble)
    {
        var pool = seen.Pool;
        var ready = $"{count.Ready} of {count.Desired} replicas ready";
        if (count.Desired == 0)
            return new(ConditionTypes.Ready, false, "ScaledToZero", (seen.Host ?? pool).Spec.EffectiveReplicas == 0 ? "spec.replicas is 0" : "the energy budget leaves no replica");
        var enough = count.Ready >= count.Desired;
        if (pool.Spec.Suspend)
            return new(ConditionTypes.Ready, enough, "Suspended", $"{ready}; spec.suspend is true, so changes wait");
        if (enough)
            return new(ConditionTypes.Ready, true, "AllReplicasReady", ready);
        return trouble is null
            ? new(ConditionTypes.Ready, false, "WaitingForReplicas", ready)
            : new(ConditionTypes.Ready, false, trouble.Reason, $"{ready}; {trouble.Message}");
    }

    private static ConditionFinding Progressing(ModelPool pool, PoolPlan plan, ReplicaCount count, PlanProblem? trouble)
    {
        if (pool.Spec.Suspend)
            return new(ConditionTypes.Progressing, false, "Suspended", "spec.suspend is true");
        if (plan.Problem is { } problem)
            return new(ConditionTypes.Progressing, false, problem.Reason, problem.Message);
        if (trouble?.Reason == RolloutStuck)
            return new(ConditionTypes.Progressing, false, trouble.Reason, trouble.Message);
        if (!count.UpToDate)
            return new(ConditionTypes.Progressing, true, "Applying", "the Deployment takes up the latest change");
        if (count.Updated < count.Desired || count.Total > count.Desired)
            return new(ConditionTypes.Progressing, true, "RollingOut", $"{count.Updated} of {count.Desired} replicas have the latest template, {count.Total} exist");
        return count.Ready < count.Desired
            ? new(ConditionTypes.Progressing, true, "WaitingForReplicas", $"{count.Ready} of {count.Desired} replicas ready")
            : new(ConditionTypes.Progressing, false, "Settled", "the pool is as its spec says");
    }

    private const string RolloutStuck = "RolloutStuck";

    private static PlanProblem? DeploymentTrouble(V1Deployment? deployment)
    {
        var conditions = deployment?.Status?.Conditions ?? [];
        // Quotas and admission refuse pods before they exist, so only the Deployment can tell.
        if (conditions.FirstOrDefault(condition => condition is { Type: "ReplicaFailure", Status: "True" }) is { } refused)
            return new(refused.Reason ?? "ReplicaFailure", refused.Message ?? "pods cannot be created");
        return conditions.FirstOrDefault(condition => condition is { Type: "Progressing", Status: "False", Reason: "ProgressDeadlineExceeded" }) is { } stuck
            ? new(RolloutStuck, stuck.Message ?? "the rollout makes no progress")
            : null;
    }

    private static ConditionFinding EnergyLimited(EnergySpec? spec, PoolPlanStatus? plan, ReplicaCount count, int? clock)
    {
        var (wantedClock, wantedLimit) = plan is null ? (spec?.ClockMHz, spec?.PowerLimitWatts) : (plan.ClockMHz, plan.PowerLimitWatts);
        var asked = string.Join(" and ", Limits(wantedClock, wantedLimit));
        if (plan?.Budget is not null && asked.Length == 0)
            return new(ConditionTypes.EnergyLimited, true, "BudgetLimit", plan.Message);
        if (asked.Length == 0)
            return new(ConditionTypes.EnergyLimited, false, "NoLimits", spec is null ? "spec.energy is not set" : "the load asks for full clock");
        if (count.Ready == 0)
            return new(ConditionTypes.EnergyLimited, false, "NoReplicas", $"{asked} asked for; no replica runs");
        if (clock is null)
            return new(ConditionTypes.EnergyLimited, false, "NotReported", $"{asked} asked for, but no replica reports its clock");
        // A power limit may pull the clock below the locked one, so lower is in order and higher is not.
        if (clock > wantedClock)
            return new(ConditionTypes.EnergyLimited, false, "NotApplied", $"{asked} asked for, but a replica runs at {clock} MHz");
        return plan?.Budget is null
            ? new(ConditionTypes.EnergyLimited, true, "LimitsApplied", $"{asked} in force")
            : new(ConditionTypes.EnergyLimited, true, "BudgetLimit", plan.Message);
    }

    private static IEnumerable<string> Limits(int? clockMHz, int? powerLimitWatts)
    {
        if (clockMHz is { } clock)
            yield return $"clock {clock} MHz";
        if (powerLimitWatts is { } watts)
            yield return $"power limit {watts} W a GPU";
    }

    /// <summary>Replica numbers of the Deployment against the pool's wish.</summary>
    private sealed record ReplicaCount(int Desired, int Total, int Updated, int Ready, bool UpToDate)
    {
        public static ReplicaCount Of(PoolObservation seen)
        {
            var status = seen.Deployment?.Status;
            var desired = PoolPlanner.Replicas(seen.Host ?? seen.Pool, seen.Host is null ? seen.Fleet : null);
            return new(
                desired,
                status?.Replicas ?? 0,
                status?.UpdatedReplicas ?? 0,
                status?.ReadyReplicas ?? 0,
                seen.Deployment is { } deployment
                    && deployment.Spec.Replicas == desired
                    && (status?.ObservedGeneration ?? 0) >= (deployment.Metadata.Generation ?? 0));
        }
    }
}
