using k8s.Models;
using Ops.Api;
using Ops.Kube;

namespace Ops.Healing.Cluster;

/// <summary>The kinds that actions may change, as they stand on the wire.</summary>
public static class KnownKinds
{
    private const string Ops = $"{ApiGroup.Name}/{ApiGroup.Version}";

    private static readonly Dictionary<string, RawKind> ByName = new RawKind[]
    {
        new("apps/v1", V1Deployment.KubeKind, V1Deployment.KubePluralName),
        new("apps/v1", V1StatefulSet.KubeKind, V1StatefulSet.KubePluralName),
        new("v1", V1Pod.KubeKind, V1Pod.KubePluralName),
        new("v1", V1Service.KubeKind, V1Service.KubePluralName),
        ConfigMap,
        new("v1", V1ResourceQuota.KubeKind, V1ResourceQuota.KubePluralName),
        new("v1", V1LimitRange.KubeKind, V1LimitRange.KubePluralName),
        new("networking.k8s.io/v1", V1Ingress.KubeKind, V1Ingress.KubePluralName),
        new("networking.k8s.io/v1", V1NetworkPolicy.KubeKind, V1NetworkPolicy.KubePluralName),
        new("autoscaling/v2", V2HorizontalPodAutoscaler.KubeKind, V2HorizontalPodAutoscaler.KubePluralName),
        new("policy/v1", V1PodDisruptionBudget.KubeKind, V1PodDisruptionBudget.KubePluralName),
        new("rbac.authorization.k8s.io/v1", V1RoleBinding.KubeKind, V1RoleBinding.KubePluralName),
        new("v1", V1Node.KubeKind, V1Node.KubePluralName, IsClusterScoped: true),
        new("admissionregistration.k8s.io/v1", V1ValidatingWebhookConfiguration.KubeKind, V1ValidatingWebhookConfiguration.KubePluralName, IsClusterScoped: true),
        new("admissionregistration.k8s.io/v1", V1MutatingWebhookConfiguration.KubeKind, V1MutatingWebhookConfiguration.KubePluralName, IsClusterScoped: true),
        new("v1", V1Namespace.KubeKind, V1Namespace.KubePluralName, IsClusterScoped: true),
        new(Ops, ModelPool.KindName, ModelPool.PluralName),
        new(Ops, ModelRoute.KindName, ModelRoute.PluralName),
        new(Ops, ShardedStore.KindName, ShardedStore.PluralName),
    }.ToDictionary(kind => kind.Kind);

    /// <summary>ConfigMaps, which the memory lies in too.</summary>
    public static RawKind ConfigMap => new("v1", V1ConfigMap.KubeKind, V1ConfigMap.KubePluralName);

    /// <summary>A kind by its name.</summary>
    /// <param name="kind">A kind of the catalogue.</param>
    public static RawKind Of(string kind) => ByName[kind];
}
