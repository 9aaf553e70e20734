using System.Collections.Immutable;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>Objects of a cache by a derived key, for example pods by the pool in their label. Cost of a look-up: that key's objects, not all.</summary>
public sealed class CacheIndex<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Func<T, IEnumerable<string>> keys;
    private volatile ImmutableDictionary<string, ImmutableDictionary<ObjectKey, T>> groups =
        ImmutableDictionary<string, ImmutableDictionary<ObjectKey, T>>.Empty;

    internal CacheIndex(Func<T, IEnumerable<string>> keys) => this.keys = keys;

    /// <summary>The objects that carry the key, in no order; empty for an unknown key.</summary>
    public IReadOnlyCollection<T> this[string key] =>
        groups.TryGetValue(key, out var group) ? new Snapshot<T>(group) : [];

    internal void Follow(IReadOnlyList<CacheChange<T>> changes)
    {
        var builder = groups.ToBuilder();
        foreach (var change in changes)
        {
            if (change.Old is { } old)
                Remove(builder, change.Key, old);
            if (change.Kind != ChangeKind.Deleted)
                Add(builder, change.Key, change.Object);
        }

        groups = builder.ToImmutable();
    }

    private void Add(ImmutableDictionary<string, ImmutableDictionary<ObjectKey, T>>.Builder builder, ObjectKey name, T obj)
    {
        foreach (var key in keys(obj))
            builder[key] = builder.GetValueOrDefault(key, ImmutableDictionary<ObjectKey, T>.Empty).SetItem(name, obj);
    }

    private void Remove(ImmutableDictionary<string, ImmutableDictionary<ObjectKey, T>>.Builder builder, ObjectKey name, T obj)
    {
        foreach (var key in keys(obj))
        {
            if (!builder.TryGetValue(key, out var group))
                continue;
            group = group.Remove(name);
            if (group.IsEmpty)
                builder.Remove(key);
            else
                builder[key] = group;
        }
    }
}
