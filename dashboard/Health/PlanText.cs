using Ops.Api;

namespace Ops.Dashboard.Health;

/// <summary>A plan in a few words.</summary>
internal static class PlanText
{
    /// <summary>Its first action and how many more there are, for example RestartWorkload Deployment/web and 1 more.</summary>
    public static string Of(Remediation plan) => plan.Spec.Actions switch
    {
        [] => plan.Spec.Request ?? plan.Metadata.Name,
        [var only] => Of(only),
        [var first, ..] => $"{Of(first)} and {plan.Spec.Actions.Count - 1} more",
    };

    /// <summary>A phase in words.</summary>
    public static string Words(string? phase) => phase switch
    {
        null => "being checked",
        RemediationPhases.AwaitingApproval => "awaiting approval",
        RemediationPhases.RolledBack => "rolled back",
        RemediationPhases.Relapsed => "did not last",
        _ => phase.ToLowerInvariant(),
    };

    private static string Of(RemediationAction action) => $"{action.Type} {action.Target.Kind}/{action.Target.Name}";
}
