using System.Collections.Concurrent;
using System.Reflection;
using k8s.Models;

namespace Ops.Sandbox.Api;

/// <summary>Group, version and kind of a model type, from its attribute.</summary>
internal static class KubernetesEntities
{
    private static readonly ConcurrentDictionary<Type, KubernetesEntityAttribute> Known = new();

    public static KubernetesEntityAttribute Of(Type type) => Known.GetOrAdd(type, static t =>
        t.GetCustomAttribute<KubernetesEntityAttribute>() ?? throw new ArgumentException($"{t.Name} has no KubernetesEntity attribute", nameof(t)));
}
