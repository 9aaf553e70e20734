using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Cluster;

namespace Ops.Healing.Guarding;

/// <summary>Which objects a policy covers.</summary>
internal static class Scope
{
    /// <summary>Why the action's target is out of bounds, or null.</summary>
    public static string? Problem(RemediationAction action, HealingAction type, HealingPolicy policy, NamespaceSnapshot snapshot)
    {
        var target = $"{action.Target.Kind} {action.Target.Name}";
        if (snapshot.Namespace == WellKnown.SystemNamespace)
            return $"{target}: nothing in {WellKnown.SystemNamespace} is healed by what runs there.";
        if (policy.Metadata.NamespaceProperty != snapshot.Namespace)
            return $"{target} is in another namespace than HealingPolicy {policy.Metadata.Name}.";
        if (policy.Spec.Protected?.Any(one => one.Kind == action.Target.Kind && one.Name == action.Target.Name) == true)
            return $"{target} is protected by HealingPolicy {policy.Metadata.Name}.";
        var existing = snapshot.Find(action.Target.Kind, action.Target.Name);
        if (existing is null != (type.Effect == ActionEffect.Create))
            return existing is null ? $"{target} does not exist." : $"{target} exists; there is nothing to make anew.";
        if (existing?.Metadata.Labels?.TryGetValue(Labels.ManagedBy, out var manager) == true && manager == Labels.ManagedByOps)
            return $"{target} belongs to a custom resource of Ops; that is what has to be changed.";
        // What workloads only read or run on seldom carries their labels.
        return existing is V1Deployment or V1StatefulSet or V1Pod or V1Service && !policy.Spec.Selects(existing.Metadata.Labels)
            ? $"{target} has not the labels that HealingPolicy {policy.Metadata.Name} selects."
            : null;
    }
}
