using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;

namespace Ops.Healing.Goals;

/// <summary>
/// Whether what was done for a goal lasts. New processes leave nothing behind, so a goal that is missed again soon has a cause
/// that they did not end, and the next restart would end it no better. A step of scaling does stay: what comes after it is the
/// next step. Pure.
/// </summary>
public static class Lasting
{
    /// <summary>For how long a goal must not be missed after a restart: some times what a restart, its verification and the goal's own settling take.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    // What an incident takes to be closed after its plan was verified. One that stays open for longer tells of a new miss.
    private static readonly TimeSpan Closing = TimeSpan.FromMinutes(1);

    /// <summary>Whether a plan has to last: it succeeded, it made pods anew for a goal, and nobody knows yet.</summary>
    /// <param name="plan">A plan.</param>
    public static bool IsOnTrial(Remediation plan) => plan.Status is { Phase: RemediationPhases.Succeeded, FinishedAt: not null, LastedAt: null } && HasToLast(plan);

    /// <summary>Whether a plan that succeeds has to last before it counts as a success.</summary>
    /// <param name="plan">A plan.</param>
    public static bool HasToLast(Remediation plan) => Causes.IsOfGoal(plan.Spec.Cause) && IsRestart([.. plan.Spec.Actions.Select(action => action.Type)]);

    /// <summary>When the goal was missed again within the window; null where it was not. A miss that more requests explain is another one.</summary>
    /// <param name="plan">A plan that is on trial.</param>
    /// <param name="misses">Incidents of the same goal at the same workload.</param>
    /// <param name="now">The time, UTC.</param>
    public static DateTime? MissedAgain(Remediation plan, IEnumerable<Incident> misses, DateTime now)
    {
        var ended = plan.Status!.FinishedAt!.Value;
        return misses.Where(miss => plan.Spec.Cause == Causes.LoadRose || miss.Status is { Causes: [{ Reasons: [not Causes.LoadRose] }] })
            .Select(miss => miss.Status!.DetectedAt > ended ? miss.Status.DetectedAt : (miss.Status.ResolvedAt ?? now) > ended + Closing ? ended + Closing : null)
            .Where(at => at < ended + Window).Min();
    }

    /// <summary>Until when the goal was missed again and again, each time less than the window after the last; null while it is missed.</summary>
    /// <param name="ended">When the plan ended.</param>
    /// <param name="misses">Incidents of the same goal at the same workload.</param>
    public static DateTime? MissedUntil(DateTime ended, IEnumerable<Incident> misses)
    {
        var until = ended;
        foreach (var miss in misses.Select(miss => miss.Status).Where(status => status?.DetectedAt is not null).OrderBy(status => status!.DetectedAt))
        {
            if (miss!.DetectedAt >= until + Window)
                break;
            if (miss.Phase != IncidentPhases.Resolved)
                return null;
            until = miss.ResolvedAt > until ? miss.ResolvedAt.Value : until;
        }

        return until;
    }

    /// <summary>What was done for a goal that is missed now and did not help, or not for long: not worth doing again before the goal has been met for the window.</summary>
    /// <param name="goal">The goal.</param>
    /// <param name="workload">Name of the workload.</param>
    /// <param name="snapshot">The namespace.</param>
    public static IReadOnlyList<Repair> InVain(JudgedGoal goal, string workload, NamespaceSnapshot snapshot) =>
    [
        .. snapshot.Repairs.Where(repair => repair.Goal == goal.Key && repair.Workload == workload && repair.Ended is not null && (repair.IsVain || IsRestart(repair.Actions))
            && (repair.MissedUntil is not { } until || goal.MissedSince?.UtcDateTime - until < Window)),
    ];

    private static bool IsRestart(IReadOnlyList<string> types) => types.Count > 0 && types.All(type => ActionCatalogue.Find(type)?.Effect == ActionEffect.Restart);
}
