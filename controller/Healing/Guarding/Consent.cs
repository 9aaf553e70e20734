using System.Globalization;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Content;

namespace Ops.Healing.Guarding;

/// <summary>
/// Whether the people whose approval a plan needs gave it. A decision counts for one plan hash, and that covers the object's
/// uid and attempt, so it can be used once and for nothing else. Who decided is the name of the Approver object that it stands
/// in: writing that object takes a right that the healer does not have.
/// </summary>
internal static class Consent
{
    // Two people for what cannot be undone.
    private const int ForDestructive = 2;

    public static GuardVerdict Of(Remediation remediation, HealingPolicy policy, IReadOnlyCollection<Approver> approvers, DateTimeOffset now)
    {
        var hash = PlanHash.Of(remediation);
        var decisions = (from approver in approvers
                         where !approver.Spec.Suspend && approver.Metadata.NamespaceProperty == remediation.Metadata.NamespaceProperty
                         from decision in approver.Spec.Decisions ?? []
                         where decision.Remediation == remediation.Metadata.Name && decision.PlanHash == hash
                         orderby approver.Metadata.Name
                         select (Person: approver.Metadata.Name, decision.Decision)).ToList();
        if (decisions.FirstOrDefault(one => one.Decision == ApproverDecisions.Reject) is { Person: { } against })
            return new(GuardVerdictKind.Refuse, $"{against} rejected the plan.", []);

        var needed = Needed(remediation, policy);
        List<string> people = [.. decisions.Where(one => one.Decision == ApproverDecisions.Approve).Select(one => one.Person).Distinct(StringComparer.Ordinal)];
        if (people.Count >= needed)
            return new(GuardVerdictKind.Go, needed == 0 ? "The policy lets it run." : $"Approved by {string.Join(", ", people)}.", people);
        var until = (remediation.Metadata.CreationTimestamp ?? now.UtcDateTime) + GoDuration.ParseOrDefault(remediation.Spec.ApproveWithin, HealingPolicySpec.DefaultApproveWithin);
        return now.UtcDateTime > until
            ? new(GuardVerdictKind.Refuse, "The plan expired before it was approved.", [])
            : new(
                GuardVerdictKind.AwaitApproval,
                string.Create(CultureInfo.InvariantCulture, $"{people.Count} of {needed} {(needed == 1 ? "person" : "different people")} approved; it expires at {until:yyyy-MM-ddTHH:mm:ssZ}."),
                people);
    }

    // What a person asks for is nothing that the policy lets the healer do by itself, whoever it says planned it.
    private static bool IsAsked(Remediation remediation) =>
        remediation.Spec.Planner == RemediationPlanners.Person || remediation.Spec.Actions.Any(action => ActionCatalogue.Find(action.Type)?.AlwaysAsks != false);

    private static int Needed(Remediation remediation, HealingPolicy policy) =>
        remediation.Spec.Actions.Any(action => ActionCatalogue.Find(action.Type)?.IsDestructive != false) ? ForDestructive
        : policy.Spec.Autonomy == AutonomyLevels.Auto && !IsAsked(remediation) ? 0
        : 1;
}
