using Ops.Api;

namespace Ops.Healing.Planning;

/// <summary>What a planner proposes for a finding.</summary>
/// <param name="Rationale">Why, one sentence.</param>
/// <param name="Actions">What to do, in this order.</param>
public sealed record HealingPlan(string Rationale, IReadOnlyList<RemediationAction> Actions);
