using System.Globalization;
using System.Text.RegularExpressions;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Content;
using Ops.Llm;

namespace Ops.Healing.Guarding;

/// <summary>
/// Everything that is decided before a write, but for the server's dry run, which follows. Pure. The order is from what can
/// never be to what is not yet: a plan that is refused was not worth a person's approval.
/// </summary>
public static partial class Guard
{
    /// <summary>May this plan run now?</summary>
    /// <param name="input">All that is looked at.</param>
    public static GuardVerdict Check(GuardInput input)
    {
        var (remediation, status) = (input.Remediation, input.Remediation.Status);
        if (status?.PlanHash is { } hash && hash != PlanHash.Of(remediation))
            return Refuse("The plan is not the one that was proposed: its hash differs.");
        if (RemediationRules.Broken(remediation.Spec) is { } wrong)
            return Refuse(wrong);
        if (input.Policy is not { } policy)
            return Refuse($"HealingPolicy {remediation.Spec.Policy} does not exist.");
        if (HealingPolicyRules.Broken(policy).FirstOrDefault() is { } broken)
            return Hold(broken);
        foreach (var action in remediation.Spec.Actions)
        {
            if (ProblemOf(action, policy, input) is { } problem)
                return Refuse(problem);
        }

        if (status?.PlanHash is not null && Brake(remediation, policy) is { } brake)
            return Hold(brake);
        if (policy.Spec.Autonomy is AutonomyLevels.Observe or AutonomyLevels.Suggest)
            return new(GuardVerdictKind.Suggest, $"HealingPolicy {policy.Metadata.Name} lets nothing run: autonomy is {policy.Spec.Autonomy}.", []);
        var consent = Consent.Of(remediation, policy, input.Approvers, input.Snapshot.Now);
        if (consent.Kind != GuardVerdictKind.Go)
            return consent;
        var budget = policy.Spec.EffectiveBudget.EffectiveActionsPerHour;
        return input.ActionsLastHour + remediation.Spec.Actions.Count > budget
            ? Hold(string.Create(CultureInfo.InvariantCulture, $"The budget is spent: {input.ActionsLastHour} of {budget} actions in the last hour."))
            : consent;
    }

    /// <summary>Why a plan that runs already must not go on now; null when it may.</summary>
    /// <param name="remediation">The plan as the server holds it.</param>
    /// <param name="policy">The policy that it names, or null.</param>
    public static string? Brake(Remediation remediation, HealingPolicy? policy)
    {
        if (remediation.Status?.PlanHash != PlanHash.Of(remediation))
            return "The plan is not the one that was proposed: its hash differs.";
        if (policy is null)
            return $"HealingPolicy {remediation.Spec.Policy} does not exist.";
        if (policy.Spec.Suspend)
            return $"HealingPolicy {policy.Metadata.Name} is suspended.";
        return remediation.Spec.Suspend ? "The remediation is suspended." : null;
    }

    private static string? ProblemOf(RemediationAction action, HealingPolicy policy, GuardInput input)
    {
        if (ActionCatalogue.Find(action.Type) is not { } type)
            return $"actions.type {TaintedText.Clean(action.Type, 63)} is not in the catalogue.";
        if (type.IsForPeople && input.Remediation.Spec.Planner != RemediationPlanners.Person)
            return $"{type.Type} is a task that only a person gives; spec.planner must be {RemediationPlanners.Person}.";
        if (!type.Kinds.Contains(action.Target.Kind))
            return $"{type.Type} does not act on {TaintedText.Clean(action.Target.Kind, 63)}; target.kind must be one of {string.Join(", ", type.Kinds)}.";
        if (action.Target.Name.Length > 253 || !ObjectName().IsMatch(action.Target.Name))
            return "target.name is not a name of a Kubernetes object.";
        if (!type.Parameters.Order(StringComparer.Ordinal).SequenceEqual((action.Parameters?.Keys ?? []).Order(StringComparer.Ordinal)))
            return $"{type.Type} takes the parameters [{string.Join(", ", type.Parameters)}] and no other.";
        if (policy.Spec.Actions is { } allowed ? !allowed.Contains(type.ListedAs) : type.MustBeListed)
            return $"HealingPolicy {policy.Metadata.Name} does not allow {type.ListedAs}.";
        return Scope.Problem(action, type, policy, input.Snapshot)
            ?? type.Problem(action, input.Snapshot, input.Memory)
            ?? BlastRadius.Problem(action, type, policy, input.Snapshot);
    }

    private static GuardVerdict Refuse(string reason) => new(GuardVerdictKind.Refuse, reason, []);

    private static GuardVerdict Hold(string reason) => new(GuardVerdictKind.Hold, reason, []);

    // RFC 1123 subdomain: what every kind of the catalogue is named by. Nothing else can be an option or a path.
    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ObjectName();
}
