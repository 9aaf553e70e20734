using System.Collections.Immutable;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>How a complete list replaces the state of a cache.</summary>
internal interface IRelist<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Brings the state to the list and notes each change.</summary>
    void Replace(ImmutableDictionary<ObjectKey, T>.Builder state, Listing<T> listing, List<CacheChange<T>> changes);
}

/// <summary>
/// The difference between what was known and what a list says. What is missing in the list was deleted while nobody
/// watched, and is delivered as Deleted with its last known state; without this a controller would keep it for ever.
/// </summary>
internal sealed class RelistDifference<T> : IRelist<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <inheritdoc/>
    public void Replace(ImmutableDictionary<ObjectKey, T>.Builder state, Listing<T> listing, List<CacheChange<T>> changes)
    {
        var listed = listing.Items.ToDictionary(ObjectKeyOf);
        foreach (var (key, old) in state.ToArray())
        {
            var gone = !listed.TryGetValue(key, out var now) ? !listing.Unreadable.Contains(key) : now.Metadata.Uid != old.Metadata.Uid;
            if (!gone)
                continue;
            state.Remove(key);
            changes.Add(new(ChangeKind.Deleted, old, old));
            Meters.MissedDeletion(ResourceOf<T>.Name);
        }

        foreach (var (key, now) in listed)
            Upsert(state, key, now, changes);
    }

    /// <summary>Sets one listed object; the same resourceVersion of the same object is no change.</summary>
    internal static void Upsert(ImmutableDictionary<ObjectKey, T>.Builder state, ObjectKey key, T now, List<CacheChange<T>> changes)
    {
        if (!state.TryGetValue(key, out var old))
            changes.Add(new(ChangeKind.Added, now, null));
        else if (old.Metadata.ResourceVersion != now.Metadata.ResourceVersion)
            changes.Add(new(ChangeKind.Modified, now, old));
        else
            return;
        state[key] = now;
    }

    private static ObjectKey ObjectKeyOf(T obj) => ObjectKey.Of(obj);
}
