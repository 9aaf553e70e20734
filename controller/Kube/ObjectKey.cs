using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>Names one object of a kind.</summary>
/// <param name="Namespace">The namespace, or null for a cluster-scoped object.</param>
/// <param name="Name">The object's name.</param>
public readonly record struct ObjectKey(string? Namespace, string Name)
{
    /// <summary>The key of an object; an empty namespace counts as none.</summary>
    public static ObjectKey Of(IMetadata<V1ObjectMeta> obj) =>
        new(string.IsNullOrEmpty(obj.Metadata.NamespaceProperty) ? null : obj.Metadata.NamespaceProperty, obj.Metadata.Name);

    /// <summary>namespace/name, or name alone.</summary>
    public override string ToString() => Namespace is null ? Name : $"{Namespace}/{Name}";
}
