using System.Collections.Concurrent;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>
/// Which intent was last found in force on which version of an object. It answers the common case without comparing
/// fields, and it covers what a comparison cannot: values that the server stores in another spelling ("1000m" as "1"),
/// and a cache that has not seen our own last write yet. Only equality of resourceVersions is used.
/// </summary>
internal sealed class IntentMemory
{
    // One entry an object and endpoint, about 400 bytes; when full everything is forgotten, which costs each object one
    // comparison, or one request that changes nothing.
    private const int Capacity = 50_000;

    private readonly ConcurrentDictionary<(string Type, ObjectKey Key, string Subresource), Entry> entries = new();

    /// <summary>True if this intent was already sent to, or found on, exactly this version of this object.</summary>
    public bool Knows<T>(Intent intent, T observed)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        entries.TryGetValue(KeyOf(intent), out var entry)
        && entry.Fingerprint == intent.Fingerprint
        && entry.Uid == observed.Metadata.Uid
        && observed.Metadata.ResourceVersion is { } version
        && (version == entry.Before || version == entry.After);

    /// <summary>Notes that the intent is in force on the written version, and was decided on the observed one.</summary>
    public void Remember<T>(Intent intent, T? observed, T written)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var key = KeyOf(intent);
        // The version that a lagging cache may still show; of a foreign earlier object there is none.
        var before = observed?.Metadata.Uid == written.Metadata.Uid ? observed?.Metadata.ResourceVersion : null;
        if (ReferenceEquals(observed, written) && entries.TryGetValue(key, out var known) && known.Fingerprint == intent.Fingerprint
            && known.Uid == written.Metadata.Uid && (known.Before == before || known.After == before))
            return;
        if (entries.Count >= Capacity)
            entries.Clear();
        entries[key] = new Entry(intent.Fingerprint, written.Metadata.Uid, before, written.Metadata.ResourceVersion);
    }

    private static (string Type, ObjectKey Key, string Subresource) KeyOf(Intent intent) =>
        (intent.Type, new ObjectKey(intent.Namespace, intent.Name), intent.Subresource);

    private sealed record Entry(string Fingerprint, string? Uid, string? Before, string? After);
}
