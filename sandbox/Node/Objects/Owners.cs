using k8s;
using k8s.Models;

namespace Ops.Sandbox.Node.Objects;

/// <summary>Owner references between controllers and what they control.</summary>
internal static class Owners
{
    public static V1OwnerReference? ControllerOf(IMetadata<V1ObjectMeta> thing) =>
        thing.Metadata.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true);

    public static bool Controls(IMetadata<V1ObjectMeta> owner, IMetadata<V1ObjectMeta> thing) =>
        ControllerOf(thing)?.Uid == owner.Metadata.Uid;

    public static V1OwnerReference Reference(IKubernetesObject owner, V1ObjectMeta metadata, string apiVersion, string kind) => new()
    {
        ApiVersion = owner.ApiVersion ?? apiVersion,
        Kind = owner.Kind ?? kind,
        Name = metadata.Name,
        Uid = metadata.Uid,
        Controller = true,
        BlockOwnerDeletion = true,
    };

    public static V1OwnerReference Reference(V1Deployment owner) => Reference(owner, owner.Metadata, "apps/v1", "Deployment");

    public static V1OwnerReference Reference(V1ReplicaSet owner) => Reference(owner, owner.Metadata, "apps/v1", "ReplicaSet");

    public static V1OwnerReference Reference(V1StatefulSet owner) => Reference(owner, owner.Metadata, "apps/v1", "StatefulSet");

    public static V1OwnerReference Reference(V1DaemonSet owner) => Reference(owner, owner.Metadata, "apps/v1", "DaemonSet");

    public static V1OwnerReference Reference(V1Job owner) => Reference(owner, owner.Metadata, "batch/v1", "Job");

    public static V1OwnerReference Reference(V1Service owner) => Reference(owner, owner.Metadata, "v1", "Service");
}
