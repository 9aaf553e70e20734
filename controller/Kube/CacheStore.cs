using System.Collections.Immutable;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>
/// The state of a cache: what is known of each object, and of objects deleted a moment ago. Written by one task, read by
/// any: readers see an immutable snapshot that is swapped whole.
/// </summary>
internal sealed class CacheStore<T>(IRelist<T> relist)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    // A replayed event of a deleted object arrives moments after the deletion, if ever; 1024 deletions are longer than that.
    private const int MaxTombstones = 1024;

    private readonly Dictionary<ObjectKey, string> tombstones = [];
    private readonly Queue<ObjectKey> tombstoneOrder = new();
    private readonly List<CacheIndex<T>> indexes = [];
    private volatile ImmutableDictionary<ObjectKey, T> objects = ImmutableDictionary<ObjectKey, T>.Empty;

    /// <summary>The snapshot.</summary>
    public ImmutableDictionary<ObjectKey, T> Objects => objects;

    /// <summary>Adds an index over what is there and what comes.</summary>
    public CacheIndex<T> AddIndex(Func<T, IEnumerable<string>> keys)
    {
        var index = new CacheIndex<T>(keys);
        indexes.Add(index);
        return index;
    }

    /// <summary>Takes a complete list. The list is the truth, so no resourceVersion is compared.</summary>
    public IReadOnlyList<CacheChange<T>> Replace(Listing<T> listing)
    {
        var changes = new List<CacheChange<T>>();
        var builder = objects.ToBuilder();
        relist.Replace(builder, listing, changes);
        tombstones.Clear();
        tombstoneOrder.Clear();
        Commit(builder.ToImmutable(), changes);
        return changes;
    }

    /// <summary>Takes an event of a watch; the changes are none for a replay, two when another object took the name.</summary>
    public IReadOnlyList<CacheChange<T>> Take(WatchEvent<T> e)
    {
        // An object that does not fit the type keeps its last readable state, unless it is gone.
        if (e.Key is not { } key || e.ResourceVersion is not { } version || (e.Object is null && e.Kind != WatchEventKind.Delete))
            return [];
        var held = objects.GetValueOrDefault(key);
        if (IsReplay(e.Kind, key, version, held))
            return [];
        return e.Kind == WatchEventKind.Delete ? Remove(key, version, e.Object, held) : Set(key, e.Object!, held);
    }

    private bool IsReplay(WatchEventKind kind, ObjectKey key, string version, T? held)
    {
        if (held is not null)
        {
            var known = held.Metadata.ResourceVersion;
            // Very old servers delete with the resourceVersion of the last change, so an equal one deletes.
            return ResourceVersions.IsOlder(version, known) || (version == known && kind != WatchEventKind.Delete);
        }

        return tombstones.TryGetValue(key, out var deleted) && (version == deleted || ResourceVersions.IsOlder(version, deleted));
    }

    private List<CacheChange<T>> Set(ObjectKey key, T obj, T? held)
    {
        var changes = new List<CacheChange<T>>(1);
        if (held is null)
            changes.Add(new(ChangeKind.Added, obj, null));
        else if (held.Metadata.Uid == obj.Metadata.Uid)
            changes.Add(new(ChangeKind.Modified, obj, held));
        else
        {
            // Another object took the name and the deletion between them was not seen.
            changes.Add(new(ChangeKind.Deleted, held, held));
            changes.Add(new(ChangeKind.Added, obj, null));
        }

        tombstones.Remove(key);
        Commit(objects.SetItem(key, obj), changes);
        return changes;
    }

    private List<CacheChange<T>> Remove(ObjectKey key, string version, T? last, T? held)
    {
        if (tombstones.TryAdd(key, version))
            tombstoneOrder.Enqueue(key);
        else
            tombstones[key] = version;
        while (tombstoneOrder.Count > MaxTombstones)
            tombstones.Remove(tombstoneOrder.Dequeue());
        // Its whole life was missed, or its creation comes late. Whoever made it must hear that it is gone, since nobody else
        // will say so: absent before, absent after.
        if (held is null)
            return last is null ? [] : [new(ChangeKind.Added, last, null), new(ChangeKind.Deleted, last, last)];
        List<CacheChange<T>> changes = [new(ChangeKind.Deleted, last ?? held, held)];
        Commit(objects.Remove(key), changes);
        return changes;
    }

    private void Commit(ImmutableDictionary<ObjectKey, T> next, IReadOnlyList<CacheChange<T>> changes)
    {
        foreach (var index in indexes)
            index.Follow(changes);
        objects = next;
    }
}
