using Ops.Api;

namespace Ops.Healing.Content;

/// <summary>
/// A person's plan with the preconditions that were taken for it when it was proposed. They stand in the status, since a spec is
/// fixed once it is made and the healer may not write it; only what the plan itself leaves out is taken from there.
/// </summary>
public static class BoundPlan
{
    /// <summary>The plan with its preconditions; unchanged where it is not a person's or nothing was taken.</summary>
    /// <param name="remediation">A remediation as the server holds it.</param>
    public static Remediation Of(Remediation remediation) => Of(remediation, remediation.Status?.BoundTo);

    /// <summary>The same with digests that are not in its status yet.</summary>
    /// <param name="remediation">A remediation as the server holds it.</param>
    /// <param name="digests">In the shape of status.boundTo.</param>
    public static Remediation Of(Remediation remediation, IReadOnlyList<string>? digests)
    {
        var spec = remediation.Spec;
        if (spec.Planner != RemediationPlanners.Person || digests?.Count != spec.Actions.Count)
            return remediation;
        return new()
        {
            ApiVersion = remediation.ApiVersion,
            Kind = remediation.Kind,
            Metadata = remediation.Metadata,
            Spec = spec with { Actions = [.. spec.Actions.Zip(digests, (action, digest) => action.Precondition is null && digest != RemediationStatus.Unbound ? action with { Precondition = digest } : action)] },
            Status = remediation.Status,
        };
    }
}
