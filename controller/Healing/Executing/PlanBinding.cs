using Ops.Api;
using Ops.Healing.Content;
using Ops.Healing.Guarding;

namespace Ops.Healing.Executing;

/// <summary>
/// Binds a person's plan to its targets as they are when it is proposed: whoever writes one with kubectl cannot know their
/// digests. From then on the plan's hash covers them, so what is approved is what was there, and a change after it refuses the plan.
/// </summary>
/// <param name="executor">Reads the targets.</param>
public sealed class PlanBinding(ActionExecutor executor)
{
    /// <summary>The digests for the actions that have none, in the shape of status.boundTo; null where there are none to take.</summary>
    /// <param name="input">The plan and all that the guard looks at. Nothing is read for a plan that it refuses.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Kube.KubeApiException">The server lets the healer not read a target.</exception>
    public async Task<IReadOnlyList<string>?> DigestsAsync(GuardInput input, CancellationToken cancellationToken)
    {
        var plan = input.Remediation;
        if (plan.Spec.Planner != RemediationPlanners.Person || plan.Spec.Actions.All(action => action.Precondition is not null) || Guard.Check(input).Kind == GuardVerdictKind.Refuse)
            return null;
        var digests = new List<string>();
        foreach (var action in plan.Spec.Actions)
            digests.Add((action.Precondition is null ? await executor.PreconditionAsync(input.Snapshot.Namespace, action.Target, cancellationToken) : null) ?? RemediationStatus.Unbound);
        return digests.TrueForAll(digest => digest == RemediationStatus.Unbound) ? null : digests;
    }
}
