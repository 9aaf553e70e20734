using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Detection;
using Ops.Healing.Guarding;
using Ops.Healing.Memory;
using Ops.Llm;

namespace Ops.Healing.Planning;

/// <summary>Chooses among plans: each is checked by the guard, then tried by the server, and the cheapest that passes wins.</summary>
/// <param name="Finding">What is wrong.</param>
/// <param name="Policy">What is allowed.</param>
/// <param name="Snapshot">The namespace.</param>
/// <param name="Memory">Its last good states.</param>
/// <param name="Try">The server's dry run: the fields that the actions would change. Throws what the server or the executor refuses with.</param>
public sealed record PlanChoice(
    Finding Finding, HealingPolicy Policy, NamespaceSnapshot Snapshot, Baseline Memory, Func<IReadOnlyList<RemediationAction>, CancellationToken, Task<int>> Try)
{
    private const int MaxReason = 400;

    /// <summary>The best plan with the others' fates in Considered; or null, with everybody's fate.</summary>
    /// <param name="plans">Plans in the order of trust: of equals the first wins.</param>
    /// <param name="problems">What is to stand beside the fates already.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<(HealingPlan? Best, IReadOnlyList<string> Considered)> ChooseAsync(IReadOnlyList<HealingPlan> plans, IReadOnlyList<string> problems, CancellationToken cancellationToken)
    {
        var passed = new List<(HealingPlan Plan, Cost Cost)>();
        var fates = problems.Select(problem => Fate($"{RemediationPlanners.Llm}: {problem}")).ToList();
        foreach (var plan in plans)
        {
            var (cost, refusal) = await WeighAsync(plan, cancellationToken);
            if (cost is { } known)
                passed.Add((plan, known));
            else
                fates.Add(Fate($"{plan.Planner}: {plan.Summary}: {refusal}"));
        }

        if (passed.Count == 0)
            return (null, [.. fates.Take(RemediationSpec.MaxConsidered)]);
        // A model wins over a rule only by leaving less unlike the last good state: a cheaper plan that does not help is none.
        var ordered = passed.OrderBy(one => one.Cost.Left).ThenBy(one => one.Plan.Planner == RemediationPlanners.Llm).ThenBy(one => one.Cost.Order).ToList();
        fates.AddRange(ordered.Skip(1).Select(one => Fate($"{one.Plan.Planner}: {one.Plan.Summary}: {one.Cost}, chosen: {ordered[0].Cost}")));
        var considered = fates.Take(RemediationSpec.MaxConsidered).ToList();
        return (ordered[0].Plan with { Considered = considered }, considered);
    }

    private async Task<(Cost? Cost, string Refusal)> WeighAsync(HealingPlan plan, CancellationToken cancellationToken)
    {
        var draft = new Remediation
        {
            Metadata = new() { NamespaceProperty = Snapshot.Namespace },
            Spec = new() { Policy = Policy.Metadata.Name, Cause = Finding.Cause, Planner = plan.Planner, Actions = plan.Actions },
        };
        if (Guard.Check(new(draft, Policy, [], Snapshot, Memory, 0)) is { Kind: GuardVerdictKind.Refuse, Reason: var reason })
            return (null, reason);
        if (plan.Planner == RemediationPlanners.Llm && LlmBounds.Problem(plan.Actions, Finding, Snapshot, Memory) is { } beyond)
            return (null, beyond);
        try
        {
            var changes = await Try(plan.Actions, cancellationToken);
            return (new(Left(plan), BlastRadius.Of(plan.Actions, Snapshot), changes, plan.Actions.Count), "");
        }
        catch (Exception refused) when (Executing.ActionExecutor.IsRefusal(refused))
        {
            return (null, refused.Message);
        }
    }

    // How far the objects that any of this is about would still be from the state that they last were well in.
    private int Left(HealingPlan plan) => plan.Actions.Select(action => $"{action.Target.Kind}/{action.Target.Name}").Append($"{Finding.Kind}/{Finding.Name}").Distinct(StringComparer.Ordinal)
        .Sum(key => Distance.Of(key, plan.Actions, Snapshot, Memory) ?? 0);

    private static string Fate(string text) => TaintedText.Clean(text, MaxReason);

    private readonly record struct Cost(int Left, int PodsAtRisk, int Changes, int Actions)
    {
        public (int PodsAtRisk, int Changes, int Actions) Order => (PodsAtRisk, Changes, Actions);

        public override string ToString() => $"{Left} fields left, {PodsAtRisk} ready pods at risk, {Changes} fields changed";
    }
}
