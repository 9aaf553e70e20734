using Ops.Api;
using Ops.Healing.Goals;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>
/// Follows a restart for a goal that succeeded until it is known whether it lasts: Relapsed where the same goal is missed again
/// at the same workload within the window, else lasting from then on. Only then it is counted. It acts on nothing.
/// </summary>
internal sealed class Probation(HealingCaches caches, NamespaceWatches watches, RemediationLog log, TimeProvider time)
{
    // For how long to look again where nobody can tell how the goal stands.
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(30);

    /// <summary>One turn.</summary>
    /// <param name="plan">A plan that is on trial.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<Requeue> FollowAsync(Remediation plan, CancellationToken cancellationToken)
    {
        var (status, now) = (plan.Status!, time.GetUtcNow());
        // Without its incident or its policy nobody looks at the goal any more, and it stays what it is.
        if (IncidentBook.GoalOf(plan, caches) is not var (key, misses) || caches.Policies.Get(plan.Metadata.NamespaceProperty, plan.Spec.Policy) is not { } policy)
            return Requeue.None;
        if (Lasting.MissedAgain(plan, misses, now.UtcDateTime) is { } again)
        {
            Count(plan, RemediationPhases.Relapsed);
            var why = $"It did not last: the goal was missed again after {GoDuration.Format(TimeSpan.FromSeconds(Math.Ceiling((again - status.FinishedAt!.Value).TotalSeconds)))}.";
            return await log.WriteAsync(plan, status with { Phase = RemediationPhases.Relapsed, Reason = why }, now, "Relapsed", why, null, cancellationToken);
        }

        if (status.FinishedAt + Lasting.Window - now.UtcDateTime is { } left && left > TimeSpan.Zero)
            return Requeue.After(left);
        if (!policy.Spec.Goals?.Any(goal => JudgedGoal.KeyOf(policy, goal) == key) ?? true)
            return Requeue.None;
        if (watches.For(plan.Metadata.NamespaceProperty).Goal(key) is null or { State: GoalStates.Unknown })
            return Requeue.After(Later);
        Count(plan, RemediationPhases.Succeeded);
        return await log.WriteAsync(plan, status with { LastedAt = RemediationLog.Second(now) }, now, "Lasted", $"The goal was not missed again for {GoDuration.Format(Lasting.Window)}.", null, cancellationToken);
    }

    private void Count(Remediation plan, string phase) => HealingMetrics.Finished(plan, phase, caches.Incidents.Get(plan.Metadata.NamespaceProperty, plan.Spec.Incident)?.Status?.Onset);
}
