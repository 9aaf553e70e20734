using System.Reflection;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>Where the objects of a kind live on the wire, read from the type's KubernetesEntity attribute.</summary>
internal static class ResourceOf<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private static readonly KubernetesEntityAttribute Entity = typeof(T).GetCustomAttribute<KubernetesEntityAttribute>()
        ?? throw new InvalidOperationException($"{typeof(T).Name} carries no KubernetesEntity attribute, so its URL is unknown.");

    /// <summary>The kind, for example ModelPool.</summary>
    public static string Kind => Entity.Kind;

    /// <summary>group/version, or v1 for the core group.</summary>
    public static string ApiVersion { get; } = Entity.Group.Length == 0 ? Entity.ApiVersion : $"{Entity.Group}/{Entity.ApiVersion}";

    /// <summary>The name in messages, metrics and RBAC rules, for example modelpools.ops.autonomic.dev.</summary>
    public static string Name { get; } = Entity.Group.Length == 0 ? Entity.PluralName : $"{Entity.PluralName}.{Entity.Group}";

    /// <summary>
    /// The collection's path without a leading slash; without a namespace that of all namespaces or of a cluster-scoped
    /// kind. Without a version that of the type.
    /// </summary>
    public static string Collection(string? ns, string? version = null) => string.IsNullOrEmpty(ns)
        ? $"{Root(version)}/{Entity.PluralName}"
        : $"{Root(version)}/namespaces/{Uri.EscapeDataString(ns)}/{Entity.PluralName}";

    /// <summary>One object's path.</summary>
    public static string Object(string? ns, string name) => $"{Collection(ns)}/{Uri.EscapeDataString(name)}";

    private static string Root(string? version) =>
        Entity.Group.Length == 0 ? $"api/{version ?? Entity.ApiVersion}" : $"apis/{Entity.Group}/{version ?? Entity.ApiVersion}";

    /// <summary>Items of built-in lists come without kind and apiVersion; callers may rely on them.</summary>
    public static T Complete(T obj)
    {
        if (string.IsNullOrEmpty(obj.Kind))
            obj.Kind = Kind;
        if (string.IsNullOrEmpty(obj.ApiVersion))
            obj.ApiVersion = ApiVersion;
        return obj;
    }
}
