using k8s;
using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Control;

/// <summary>The last known objects of one kind, fed by a watch and by the answers to our own writes.</summary>
/// <remarks>
/// A write's answer is put in at once, so that the next plan sees it and does not repeat it; an event that is older than
/// what is here is ignored. Objects are shared: whoever changes one copies it first.
/// </remarks>
internal sealed class ObjectCache<T> where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock guard = new();
    private readonly Dictionary<string, Dictionary<string, T>> byNamespace = new(StringComparer.Ordinal);

    /// <summary>Uids that a delete of ours removed before the watch said so. Each leaves with its own Deleted event.</summary>
    private readonly HashSet<string> removed = new(StringComparer.Ordinal);

    /// <summary>The old and the new object; one of them is null for an arrival or a departure.</summary>
    public event Action<T?, T?>? Changed;

    public T? Get(string? @namespace, string name)
    {
        lock (guard)
            return byNamespace.TryGetValue(@namespace ?? string.Empty, out var map) && map.TryGetValue(name, out var thing) ? thing : null;
    }

    public IReadOnlyList<T> In(string? @namespace)
    {
        lock (guard)
            return byNamespace.TryGetValue(@namespace ?? string.Empty, out var map) ? [.. map.Values] : [];
    }

    public IReadOnlyList<T> All()
    {
        lock (guard)
            return [.. byNamespace.Values.SelectMany(map => map.Values)];
    }

    /// <summary>Takes an object in unless it is older than what is here or already gone.</summary>
    public void Put(T thing)
    {
        T? old;
        lock (guard)
        {
            if (removed.Contains(thing.Metadata.Uid))
                return;
            var map = MapOf(thing);
            old = map.GetValueOrDefault(thing.Metadata.Name);
            if (old is not null && Version(old) >= Version(thing))
                return;
            map[thing.Metadata.Name] = thing;
        }
        Changed?.Invoke(old, thing);
    }

    /// <summary>The watch says that an object is gone.</summary>
    public void Drop(T thing)
    {
        lock (guard)
        {
            removed.Remove(thing.Metadata.Uid);
            var map = MapOf(thing);
            if (map.TryGetValue(thing.Metadata.Name, out var held) && held.Metadata.Uid == thing.Metadata.Uid)
                map.Remove(thing.Metadata.Name);
        }
        // Told even when a write of ours had removed it: the owner has to look again either way.
        Changed?.Invoke(thing, null);
    }

    /// <summary>A delete of ours succeeded at once; late events about the object are ignored until its Deleted event.</summary>
    public void Forget(T thing)
    {
        lock (guard)
        {
            var map = MapOf(thing);
            if (!map.TryGetValue(thing.Metadata.Name, out var held) || held.Metadata.Uid != thing.Metadata.Uid)
                return;
            map.Remove(thing.Metadata.Name);
            removed.Add(thing.Metadata.Uid);
        }
    }

    private Dictionary<string, T> MapOf(T thing)
    {
        var key = thing.Metadata.NamespaceProperty ?? string.Empty;
        if (!byNamespace.TryGetValue(key, out var map))
            byNamespace[key] = map = new Dictionary<string, T>(StringComparer.Ordinal);
        return map;
    }

    private static long Version(T thing) => long.TryParse(thing.Metadata.ResourceVersion, out var version) ? version : 0;
}
