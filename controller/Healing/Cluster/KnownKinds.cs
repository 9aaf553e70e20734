using k8s.Models;
using Ops.Kube;

namespace Ops.Healing.Cluster;

/// <summary>The kinds that actions may change, as they stand on the wire.</summary>
public static class KnownKinds
{
    private static readonly Dictionary<string, RawKind> ByName = new RawKind[]
    {
        new("apps/v1", V1Deployment.KubeKind, V1Deployment.KubePluralName),
        new("apps/v1", V1StatefulSet.KubeKind, V1StatefulSet.KubePluralName),
        new("v1", V1Pod.KubeKind, V1Pod.KubePluralName),
        new("v1", V1Service.KubeKind, V1Service.KubePluralName),
        ConfigMap,
    }.ToDictionary(kind => kind.Kind);

    /// <summary>ConfigMaps, which the memory lies in too.</summary>
    public static RawKind ConfigMap => new("v1", V1ConfigMap.KubeKind, V1ConfigMap.KubePluralName);

    /// <summary>A kind by its name.</summary>
    /// <param name="kind">A kind of the catalogue.</param>
    public static RawKind Of(string kind) => ByName[kind];
}
