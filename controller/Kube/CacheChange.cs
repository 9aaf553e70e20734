using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>How an object changed.</summary>
public enum ChangeKind
{
    /// <summary>The object is new to the cache.</summary>
    Added,

    /// <summary>The object was known and differs.</summary>
    Modified,

    /// <summary>The object is gone; <see cref="CacheChange{T}.Object"/> is its last known state.</summary>
    Deleted,
}

/// <summary>One change of a cache, raised after the cache holds the new state.</summary>
/// <param name="Kind">How it changed.</param>
/// <param name="Object">The new state; for Deleted the last known state. Shared: never modify it.</param>
/// <param name="Old">The state before, when known.</param>
public readonly record struct CacheChange<T>(ChangeKind Kind, T Object, T? Old)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>The changed object's key.</summary>
    public ObjectKey Key => ObjectKey.Of(Object);
}
