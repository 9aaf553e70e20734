using System.Globalization;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Executing;
using Ops.Healing.Memory;
using Ops.Healing.Planning;
using Ops.Healing.Planning.Llm;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>
/// From a finding to the plan that is proposed for it: rules first; where the policy names a language model and no rule has a
/// plan, the rules' plan did not help or the policy asks for it, the model's plans beside them, weighed by the same checks.
/// </summary>
internal sealed class Deliberation(PlanMaker plans, IncidentBook incidents, ModelDesk desk, Healer healer)
{
    private readonly ActionExecutor executor = new(healer.Objects);

    /// <summary>Proposes a plan, or writes down why there is none; while a model thinks it does neither.</summary>
    public async Task FollowAsync(HealingPolicy policy, Incident incident, Finding finding, NamespaceSnapshot snapshot, Baseline memory, CancellationToken cancellationToken)
    {
        if (!plans.IsDue(incident))
            return;
        var tried = plans.Of(incident);
        // A goal is a number, and so is what is done for it: nothing to ask a model about.
        if (Causes.IsOfGoal(finding.Cause))
        {
            await FollowGoalAsync(policy, incident, finding, snapshot, memory, cancellationToken);
            return;
        }

        var vain = tried.Where(one => one.Status?.Phase is RemediationPhases.RolledBack or RemediationPhases.Failed).SelectMany(one => one.Spec.Actions).Select(action => action.Type).ToHashSet();
        var rule = RulePlanner.Plan(finding, snapshot, memory, vain);
        if (policy.Spec.Llm is not { } llm || HealingPolicyRules.Broken(policy).Any() || (rule is not null && tried.Count == 0 && llm.Use != LlmUses.Always))
        {
            if (rule is not null)
                await ProposeAsync(policy, incident, finding, rule, cancellationToken);
            return;
        }

        // A plan that healed the same before is worth no question.
        var remembered = PlanRecord.For(finding, plans.In(snapshot.Namespace), memory);
        var ask = remembered.Count == 0 || tried.Count > 0;
        var id = string.Create(CultureInfo.InvariantCulture, $"{incident.Metadata.Uid} {tried.Count} {policy.Metadata.Uid} {policy.Metadata.Generation}");
        var question = new LlmQuestion(finding, snapshot, memory, policy, [.. tried.Select(Story)]);
        var opinion = ask ? desk.Ask(id, policy, finding.Cause, $"{finding.Kind} {finding.Name}", (model, meter, stop) => new LlmPlanner(model, meter).AskAsync(question, stop)) : new([], []);
        if (opinion is null)
            return;
        var failed = tried.Select(one => new HealingPlan("", one.Spec.Actions).Summary).ToHashSet();
        HealingPlan[] candidates = [.. rule is null ? [] : new[] { rule }, .. remembered, .. opinion.Plans];
        // What did not help before comes only where there is nothing else.
        HealingPlan[] fresh = [.. candidates.Where(plan => !failed.Contains(plan.Summary))];
        var choice = new PlanChoice(finding, policy, snapshot, memory, (actions, stop) => TryAsync(snapshot.Namespace, actions, memory, stop));
        var (best, considered) = await choice.ChooseAsync(fresh, opinion.Problems, cancellationToken);
        // The rules' plan stands whatever was said of it in between: its own checks follow.
        if ((best ?? (rule is null ? null : rule with { Considered = considered })) is { } plan)
        {
            await ProposeAsync(policy, incident, finding, plan, cancellationToken);
            return;
        }

        HealingMetrics.NoPlan(finding.Cause);
        await incidents.SayNoPlanAsync(incident, considered.Count == 0 ? "The language model proposed nothing." : string.Join("; ", considered), cancellationToken);
        desk.Close(id);
    }

    private async Task FollowGoalAsync(HealingPolicy policy, Incident incident, Finding finding, NamespaceSnapshot snapshot, Baseline memory, CancellationToken cancellationToken)
    {
        if (GoalPlanner.IsCooling(finding, snapshot, plans.In(snapshot.Namespace)))
            return;
        if (RulePlanner.Plan(finding, snapshot, memory, GoalPlanner.Tried(finding, snapshot)) is { } rule)
            await ProposeAsync(policy, incident, finding, rule, cancellationToken);
        else if (GoalPlanner.WhyNone(finding, snapshot) is { } why)
            await incidents.SayNoPlanAsync(incident, why, cancellationToken);
    }

    private async Task ProposeAsync(HealingPolicy policy, Incident incident, Finding finding, HealingPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            await plans.ProposeAsync(policy, incident, finding, plan, cancellationToken);
        }
        catch (KubeApiException refused) when (ActionExecutor.IsRefusal(refused))
        {
            // One target that the account may not even read must not hold up the findings after it.
            await incidents.SayNoPlanAsync(incident, $"{plan.Summary}: {refused.Message}", cancellationToken);
        }
    }

    private async Task<int> TryAsync(string ns, IReadOnlyList<RemediationAction> actions, Baseline memory, CancellationToken cancellationToken)
    {
        var changes = 0;
        foreach (var action in actions)
        {
            var bound = action with { Precondition = await executor.PreconditionAsync(ns, action.Target, cancellationToken) };
            changes += (await executor.TryAsync(ns, bound, memory, cancellationToken)).Changes?.Count ?? 1;
        }

        return changes;
    }

    private static string Story(Remediation one) => $"{new HealingPlan("", one.Spec.Actions).Summary}: {one.Status?.Phase} {one.Status?.Reason}";
}
