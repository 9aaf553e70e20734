using k8s.Models;

namespace Ops.Planning.Pools;

/// <summary>The objects that a pool wants, or why it wants none now.</summary>
/// <param name="Deployment">To apply, or null to leave what exists alone.</param>
/// <param name="Service">To apply, or null to leave what exists alone.</param>
/// <param name="Problem">Set when the spec cannot be carried out.</param>
/// <param name="Why">What the plan was made from, for logs and people.</param>
public sealed record PoolPlan(V1Deployment? Deployment, V1Service? Service, PlanProblem? Problem, string Why)
{
    internal static PoolPlan Nothing(string why) => new(null, null, null, why);

    internal static PoolPlan Blocked(PlanProblem problem) => new(null, null, problem, problem.Message);
}
