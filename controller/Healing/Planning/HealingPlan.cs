using Ops.Api;

namespace Ops.Healing.Planning;

/// <summary>What a planner proposes for a finding.</summary>
/// <param name="Rationale">Why, one sentence.</param>
/// <param name="Actions">What to do, in this order.</param>
public sealed record HealingPlan(string Rationale, IReadOnlyList<RemediationAction> Actions)
{
    /// <summary>Who proposes it, one of <see cref="RemediationPlanners"/>. Default rules.</summary>
    public string Planner { get; init; } = RemediationPlanners.Rules;

    /// <summary>Plans that were weighed and not taken, and why.</summary>
    public IReadOnlyList<string> Considered { get; init; } = [];

    /// <summary>The actions in words, for example "ScaleWorkload Deployment/web replicas=3".</summary>
    public string Summary => string.Join(", ", Actions.Select(action =>
        $"{action.Type} {action.Target.Kind}/{action.Target.Name}{string.Concat((action.Parameters ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $" {pair.Key}={pair.Value}"))}"));

    /// <summary>Whether two plans do the same.</summary>
    /// <param name="other">Another plan.</param>
    public bool DoesTheSame(HealingPlan other) => Summary == other.Summary;
}
