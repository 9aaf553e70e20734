using k8s;
using k8s.Models;

namespace Ops.Sandbox.Node.Objects;

/// <summary>The subject of an Event.</summary>
internal static class References
{
    public static V1ObjectReference To(V1Pod pod, string? fieldPath = null)
    {
        var reference = To(pod, "v1", "Pod");
        reference.FieldPath = fieldPath;
        return reference;
    }

    public static V1ObjectReference To(V1Deployment thing) => To(thing, "apps/v1", "Deployment");

    public static V1ObjectReference To(V1ReplicaSet thing) => To(thing, "apps/v1", "ReplicaSet");

    public static V1ObjectReference To(V1StatefulSet thing) => To(thing, "apps/v1", "StatefulSet");

    public static V1ObjectReference To(V1DaemonSet thing) => To(thing, "apps/v1", "DaemonSet");

    public static V1ObjectReference To(V1Job thing) => To(thing, "batch/v1", "Job");

    public static V1ObjectReference To(V1Service thing) => To(thing, "v1", "Service");

    public static V1ObjectReference To(V1Node thing) => To(thing, "v1", "Node");

    public static V1ObjectReference To(V1PersistentVolumeClaim thing) => To(thing, "v1", "PersistentVolumeClaim");

    private static V1ObjectReference To(IKubernetesObject<V1ObjectMeta> thing, string apiVersion, string kind) => new()
    {
        ApiVersion = apiVersion,
        Kind = kind,
        Name = thing.Metadata.Name,
        NamespaceProperty = thing.Metadata.NamespaceProperty,
        Uid = thing.Metadata.Uid,
        ResourceVersion = thing.Metadata.ResourceVersion,
    };
}
