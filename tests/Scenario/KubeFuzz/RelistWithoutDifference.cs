using System.Collections.Immutable;
using k8s;
using k8s.Models;

namespace Ops.KubeFuzz.Tests;

/// <summary>A relist as it is often written: what the list has is taken, what it lacks is not looked for.</summary>
internal sealed class RelistWithoutDifference<T> : IRelist<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    public void Replace(ImmutableDictionary<ObjectKey, T>.Builder state, Listing<T> listing, List<CacheChange<T>> changes)
    {
        foreach (var obj in listing.Items)
            RelistDifference<T>.Upsert(state, ObjectKey.Of(obj), obj, changes);
    }
}
