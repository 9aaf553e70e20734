using k8s;
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
        var existing = Find(action.Target, snapshot);
        if (existing is null != (type.Effect == ActionEffect.Create))
            return existing is null ? $"{target} does not exist." : $"{target} exists; there is nothing to make anew.";
        if (existing?.Metadata.Labels?.TryGetValue(Labels.ManagedBy, out var manager) == true && manager == Labels.ManagedByOps)
            return $"{target} belongs to a custom resource of Ops; that is what has to be changed.";
        // ConfigMaps seldom carry the labels of who reads them.
        return existing is not null and not V1ConfigMap && !policy.Spec.Selects(existing.Metadata.Labels)
            ? $"{target} has not the labels that HealingPolicy {policy.Metadata.Name} selects."
            : null;
    }

    private static IKubernetesObject<V1ObjectMeta>? Find(RemediationTarget target, NamespaceSnapshot snapshot) => target.Kind switch
    {
        V1Deployment.KubeKind or V1StatefulSet.KubeKind => snapshot.Workload(target.Kind, target.Name)?.Object,
        V1Service.KubeKind => snapshot.Services.FirstOrDefault(one => one.Metadata.Name == target.Name),
        V1ConfigMap.KubeKind => snapshot.ConfigMaps.FirstOrDefault(one => one.Metadata.Name == target.Name),
        V1Pod.KubeKind => snapshot.Pods.FirstOrDefault(one => one.Metadata.Name == target.Name),
        _ => null,
    };
}
