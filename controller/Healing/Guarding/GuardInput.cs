using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Guarding;

/// <summary>All that the guard looks at before a write.</summary>
/// <param name="Remediation">The plan as the server holds it.</param>
/// <param name="Policy">The policy that it names, or null if there is none.</param>
/// <param name="Approvers">Everybody's decisions in the namespace.</param>
/// <param name="Snapshot">The namespace.</param>
/// <param name="Memory">Its last good states.</param>
/// <param name="ActionsLastHour">Actions that ran under the policy in the last hour, without this plan's.</param>
public sealed record GuardInput(
    Remediation Remediation, HealingPolicy? Policy, IReadOnlyCollection<Approver> Approvers, NamespaceSnapshot Snapshot, Baseline Memory, int ActionsLastHour);

/// <summary>What the guard says.</summary>
/// <param name="Kind">Go, wait, or never.</param>
/// <param name="Reason">Why, one sentence.</param>
/// <param name="ApprovedBy">Who approved.</param>
public sealed record GuardVerdict(GuardVerdictKind Kind, string Reason, IReadOnlyList<string> ApprovedBy);

/// <summary>Kinds of verdicts.</summary>
public enum GuardVerdictKind
{
    /// <summary>The plan may run.</summary>
    Go,

    /// <summary>Not now: a brake is on, or the budget is spent. Nothing is written; the plan is looked at again.</summary>
    Hold,

    /// <summary>The policy shows plans only.</summary>
    Suggest,

    /// <summary>People have to approve first.</summary>
    AwaitApproval,

    /// <summary>The plan must not run, ever.</summary>
    Refuse,
}
