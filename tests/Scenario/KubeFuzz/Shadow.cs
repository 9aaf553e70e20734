using k8s;
using k8s.Models;

namespace Ops.KubeFuzz.Tests;

/// <summary>Rebuilds a cache from its changes alone, and notes every change that does not follow from what was told before.</summary>
internal sealed class Shadow<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectKey, T> objects = [];
    private readonly List<string> faults = [];

    public Shadow(ResourceCache<T> cache) => cache.Changed += Take;

    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (gate)
                return [.. faults];
        }
    }

    public IReadOnlyDictionary<ObjectKey, T> Objects
    {
        get
        {
            lock (gate)
                return new Dictionary<ObjectKey, T>(objects);
        }
    }

    private void Take(CacheChange<T> change)
    {
        lock (gate)
        {
            var known = objects.GetValueOrDefault(change.Key);
            var legal = change.Kind switch
            {
                ChangeKind.Added => known is null,
                ChangeKind.Modified => known is not null && ReferenceEquals(known, change.Old) && known.Metadata.Uid == change.Object.Metadata.Uid,
                _ => known is not null && known.Metadata.Uid == change.Object.Metadata.Uid,
            };
            if (!legal)
                faults.Add($"{change.Kind} {change.Key} at {change.Object.Metadata.ResourceVersion} after {known?.Metadata.ResourceVersion ?? "nothing"}");
            if (change.Kind == ChangeKind.Deleted)
                objects.Remove(change.Key);
            else
                objects[change.Key] = change.Object;
        }
    }
}
