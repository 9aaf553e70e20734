using System.Globalization;
using Ops.Api;
using Ops.Dashboard.Cluster;

namespace Ops.Dashboard.Access;

/// <summary>
/// A plan of the inverse that the healer wrote down when another plan succeeded, made with the user's own token. It promises
/// nothing: guard, dry run, approval and verification are those of every plan.
/// </summary>
internal static class UndoRequest
{
    private const int MostName = 200;

    /// <summary>Whether one plan was asked for to take another back.</summary>
    public static bool IsOf(Remediation undo, Remediation plan) =>
        undo.Spec.Planner == RemediationPlanners.Person && undo.Metadata.NamespaceProperty == plan.Metadata.NamespaceProperty && undo.Metadata.Name.StartsWith(Prefix(plan), StringComparison.Ordinal);

    /// <summary>The plan that takes another back; null where that one has no inverse.</summary>
    /// <param name="plan">A plan that succeeded.</param>
    /// <param name="user">Who asks, for the audit.</param>
    /// <param name="number">Which try it is, from 1.</param>
    public static Remediation? Of(Remediation plan, string user, int number) => plan.Status is not { Phase: RemediationPhases.Succeeded, Inverse: { Count: > 0 } inverse } ? null : new()
    {
        Metadata = new()
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"{Prefix(plan)}{number}"),
            NamespaceProperty = plan.Metadata.NamespaceProperty,
            OwnerReferences = plan.Metadata.OwnerReferences,
        },
        Spec = new()
        {
            Policy = plan.Spec.Policy, Incident = plan.Spec.Incident, Cause = plan.Spec.Cause, Planner = RemediationPlanners.Person,
            Rationale = $"{user} asks to take {plan.Metadata.Name} back.", Attempt = Math.Min(number, 100), ApproveWithin = plan.Spec.ApproveWithin, Actions = inverse,
        },
    };

    /// <summary>Makes the plan.</summary>
    /// <returns>What was made; or why nothing was, one sentence.</returns>
    public static async Task<(Remediation? Made, string? Problem)> MakeAsync(ClusterView view, Remediation plan, string user, CancellationToken cancellation)
    {
        var tries = view.Current.Remediations.Where(one => IsOf(one, plan)).Select(one => int.TryParse(one.Metadata.Name[Prefix(plan).Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0);
        if (Of(plan, user, tries.DefaultIfEmpty(0).Max() + 1) is not { } undo)
            return (null, "The plan has no inverse any more; look at it again.");
        return await Decisions.MakeAsync(view, undo, cancellation);
    }

    private static string Prefix(Remediation plan) => $"{(plan.Metadata.Name.Length <= MostName ? plan.Metadata.Name : plan.Metadata.Name[..MostName].TrimEnd('-', '.'))}-undo-";
}
