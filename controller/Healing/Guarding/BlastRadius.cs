using System.Globalization;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Cluster;

namespace Ops.Healing.Guarding;

/// <summary>How many ready pods an action may cost.</summary>
internal static class BlastRadius
{
    /// <summary>Ready pods that a checked plan may take away in all.</summary>
    public static int Of(IReadOnlyList<RemediationAction> actions, NamespaceSnapshot snapshot) =>
        actions.Sum(action => ActionCatalogue.Find(action.Type)!.PodsAtRisk(action, snapshot));

    /// <summary>Why it costs too many, or null.</summary>
    public static string? Problem(RemediationAction action, HealingAction type, HealingPolicy policy, NamespaceSnapshot snapshot)
    {
        var risk = type.PodsAtRisk(action, snapshot);
        if (risk == 0)
            return null;
        var budget = policy.Spec.EffectiveBudget;
        if (risk > budget.EffectiveMaxUnavailable)
            return string.Create(CultureInfo.InvariantCulture, $"{type.Type} may take away {risk} ready pods; spec.budget.maxUnavailable is {budget.EffectiveMaxUnavailable}.");
        var workload = snapshot.Workloads.FirstOrDefault(one => one.Kind == action.Target.Kind && one.Name == action.Target.Name)
            ?? snapshot.Workloads.FirstOrDefault(one => one.Pods.Any(pod => pod.Metadata.Name == action.Target.Name));
        if (workload is null)
            return null;
        if (workload.Ready - risk < budget.EffectiveMinHealthy)
            return string.Create(CultureInfo.InvariantCulture, $"{type.Type} would leave {workload.Ready - risk} ready pods; spec.budget.minHealthy is {budget.EffectiveMinHealthy}.");
        var tight = snapshot.DisruptionBudgets.FirstOrDefault(one => Covers(one, workload) && (one.Status?.DisruptionsAllowed ?? 0) < risk);
        return tight is null ? null : $"PodDisruptionBudget {tight.Metadata.Name} allows no disruption of {workload.Name} now.";
    }

    // A budget with expressions covers whatever its labels cover: rather one too many than one too few.
    private static bool Covers(V1PodDisruptionBudget budget, Workload workload) =>
        (budget.Spec?.Selector?.MatchLabels ?? new Dictionary<string, string>())
            .All(pair => workload.Template.Metadata?.Labels?.TryGetValue(pair.Key, out var value) == true && value == pair.Value);
}
