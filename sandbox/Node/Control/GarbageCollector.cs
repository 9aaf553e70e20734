using System.Text.Json.Nodes;
using k8s;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Node.Control;

/// <summary>
/// Removes what no living owner holds any more, of every kind, and carries out foreground and orphan deletions.
/// </summary>
internal sealed class GarbageCollector : IAsyncDisposable
{
    private const string Foreground = "foregroundDeletion";
    private const string Orphan = "orphan";

    private readonly LocalClient client;
    private readonly Lock guard = new();

    // One entry an object that has owners, is owned, or waits for the collector: bounded by the objects stored.
    private readonly Dictionary<string, Thing> byUid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> dependents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (KindDefinition Kind, IDisposable Watch)> watches = new(StringComparer.Ordinal);
    private readonly ReconcileLoop loop;

    public GarbageCollector(LocalClient client, TimeProvider clock, ILogger logger)
    {
        this.client = client;
        loop = new ReconcileLoop("garbage collector", key => LookAt(key.Name), clock, logger);
        client.KindsChanged += OnKindsChanged;
        FollowKinds();
    }

    public async ValueTask DisposeAsync()
    {
        client.KindsChanged -= OnKindsChanged;
        lock (guard)
        {
            foreach (var (_, watch) in watches.Values)
                watch.Dispose();
            watches.Clear();
        }
        await loop.DisposeAsync();
    }

    private void OnKindsChanged(object? sender, EventArgs args) => FollowKinds();

    private void FollowKinds()
    {
        // Events own nothing, are owned by nothing and come in crowds.
        var kinds = client.Kinds.Where(kind => kind.Kind != "Event").ToDictionary(kind => $"{kind.Group}/{kind.Version}/{kind.Kind}", StringComparer.Ordinal);
        lock (guard)
        {
            foreach (var (key, (_, watch)) in watches.Where(pair => !kinds.ContainsKey(pair.Key)).ToList())
            {
                watch.Dispose();
                watches.Remove(key);
            }
            foreach (var (key, kind) in kinds.Where(pair => !watches.ContainsKey(pair.Key)))
                watches[key] = (kind, client.Watch(kind, (type, json) => Observe(kind, type, json)));
        }
    }

    private void Observe(KindDefinition kind, WatchEventType type, JsonObject json)
    {
        var thing = Thing.Of(kind, json);
        lock (guard)
        {
            Unlink(thing.Uid);
            if (type == WatchEventType.Deleted)
            {
                byUid.Remove(thing.Uid);
            }
            else
            {
                byUid[thing.Uid] = thing;
                foreach (var owner in thing.Owners)
                {
                    if (!dependents.TryGetValue(owner.Uid, out var all))
                        dependents[owner.Uid] = all = new HashSet<string>(StringComparer.Ordinal);
                    all.Add(thing.Uid);
                }
            }
            if (type == WatchEventType.Deleted)
            {
                foreach (var dependent in dependents.GetValueOrDefault(thing.Uid) ?? [])
                    loop.Enqueue(new ObjectName(string.Empty, dependent));
            }
            else if (thing.Owners.Count > 0 || thing.Has(Foreground) || thing.Has(Orphan))
            {
                loop.Enqueue(new ObjectName(string.Empty, thing.Uid));
            }
            // An owner that waits for its dependents looks again whenever one of them changes.
            foreach (var owner in thing.Owners.Where(owner => byUid.TryGetValue(owner.Uid, out var held) && held.IsDeleting))
                loop.Enqueue(new ObjectName(string.Empty, owner.Uid));
        }
    }

    private void Unlink(string uid)
    {
        if (!byUid.TryGetValue(uid, out var before))
            return;
        foreach (var owner in before.Owners)
        {
            if (dependents.TryGetValue(owner.Uid, out var all) && all.Remove(uid) && all.Count == 0)
                dependents.Remove(owner.Uid);
        }
    }

    private TimeSpan? LookAt(string uid)
    {
        Thing? thing;
        List<Thing> held;
        lock (guard)
        {
            if (!byUid.TryGetValue(uid, out thing))
                return null;
            held = [.. (dependents.GetValueOrDefault(uid) ?? []).Select(id => byUid.GetValueOrDefault(id)).OfType<Thing>()];
        }
        if (thing.IsDeleting && thing.Has(Orphan))
            Release(thing, held);
        else if (thing.IsDeleting && thing.Has(Foreground))
            RemoveFirst(thing, held);
        else if (!thing.IsDeleting && thing.Owners.Count > 0)
            RemoveIfUnowned(thing);
        return null;
    }

    /// <summary>Orphan: the dependents lose this owner and stay.</summary>
    private void Release(Thing owner, List<Thing> held)
    {
        foreach (var dependent in held)
            DropOwners(dependent, reference => reference.Uid == owner.Uid);
        DropFinalizer(owner, Orphan);
    }

    /// <summary>Foreground: the dependents go first; those that do not block are deleted and not waited for.</summary>
    private void RemoveFirst(Thing owner, List<Thing> held)
    {
        var blocking = held.Where(dependent => dependent.Owners.Any(reference => reference.Uid == owner.Uid && reference.Blocks)).ToList();
        foreach (var dependent in held.Where(dependent => !dependent.IsDeleting))
        {
            if (dependent.Owners.Any(reference => reference.Uid != owner.Uid && IsHeldBy(dependent, reference)))
                DropOwners(dependent, reference => reference.Uid == owner.Uid);
            else
                Delete(dependent, foreground: HasDependents(dependent));
        }
        if (blocking.Count == 0)
            DropFinalizer(owner, Foreground);
    }

    private void RemoveIfUnowned(Thing thing)
    {
        // Read again: the event may be old, and a deletion cannot be taken back.
        if (client.Get(thing.Kind, thing.Namespace, thing.Name) is not { } live || Thing.Of(thing.Kind, live) is not { IsDeleting: false } now || now.Uid != thing.Uid || now.Owners.Count == 0)
            return;
        var alive = now.Owners.Where(reference => IsHeldBy(now, reference)).ToList();
        if (alive.Count == 0)
            Delete(now, foreground: false);
        else if (alive.Count < now.Owners.Count)
            DropOwners(now, reference => !alive.Contains(reference));
    }

    /// <summary>The owner exists under this name and uid and does not wait to take its dependents along.</summary>
    private bool IsHeldBy(Thing thing, OwnerOf reference)
    {
        // A kind that is not served cannot be asked for; as upstream, the dependent is left alone rather than lost.
        if (client.FindKind(reference.ApiVersion, reference.Kind) is not { } kind)
            return true;
        var owner = client.Get(kind, kind.Namespaced ? thing.Namespace : null, reference.Name);
        return owner is not null && Thing.Of(kind, owner) is var found && found.Uid == reference.Uid && !(found.IsDeleting && found.Has(Foreground));
    }

    private bool HasDependents(Thing thing)
    {
        lock (guard)
            return dependents.ContainsKey(thing.Uid);
    }

    private void Delete(Thing thing, bool foreground)
    {
        try
        {
            client.Delete(thing.Kind, thing.Namespace, thing.Name, foreground ? "Foreground" : PropagationOf(thing), thing.Uid);
        }
        catch (ApiException refusal) when (refusal.IsNotFound || refusal.IsConflict)
        {
            // Gone or replaced by a namesake: nothing of ours is left to delete.
        }
    }

    /// <summary>A finalizer that somebody already put there decides how the dependents of a dependent go.</summary>
    private static string PropagationOf(Thing thing) => thing.Has(Orphan) ? "Orphan" : thing.Has(Foreground) ? "Foreground" : "Background";

    private void DropOwners(Thing thing, Func<OwnerOf, bool> drop) => Change(thing, metadata =>
    {
        var references = (metadata["ownerReferences"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var kept = references.Where(reference => !drop(OwnerOf.Of(reference))).Select(reference => reference.DeepClone()).ToArray();
        return kept.Length == references.Count ? null : new JsonObject { ["ownerReferences"] = kept.Length == 0 ? null : new JsonArray(kept) };
    });

    private void DropFinalizer(Thing thing, string finalizer) => Change(thing, metadata =>
    {
        var finalizers = (metadata["finalizers"] as JsonArray ?? []).Select(one => one!.GetValue<string>()).ToList();
        var kept = finalizers.Where(one => one != finalizer).Select(one => (JsonNode)one).ToArray();
        return kept.Length == finalizers.Count ? null : new JsonObject { ["finalizers"] = kept.Length == 0 ? null : new JsonArray(kept) };
    });

    /// <summary>Patches metadata of the live object under its resourceVersion; a conflict brings the key back.</summary>
    private void Change(Thing thing, Func<JsonObject, JsonObject?> metadataPatch)
    {
        if (client.Get(thing.Kind, thing.Namespace, thing.Name)?["metadata"] is not JsonObject metadata || metadata["uid"]?.GetValue<string>() != thing.Uid)
            return;
        if (metadataPatch(metadata) is not { } patch)
            return;
        patch["resourceVersion"] = metadata["resourceVersion"]?.DeepClone();
        try
        {
            client.Patch(thing.Kind, thing.Namespace, thing.Name, new JsonObject { ["metadata"] = patch });
        }
        catch (ApiException refusal) when (refusal.IsNotFound)
        {
            // Gone meanwhile.
        }
    }

    private sealed record OwnerOf(string ApiVersion, string Kind, string Name, string Uid, bool Blocks)
    {
        public static OwnerOf Of(JsonObject json) => new(
            json["apiVersion"]?.GetValue<string>() ?? string.Empty,
            json["kind"]?.GetValue<string>() ?? string.Empty,
            json["name"]?.GetValue<string>() ?? string.Empty,
            json["uid"]?.GetValue<string>() ?? string.Empty,
            json["blockOwnerDeletion"]?.GetValue<bool>() ?? false);
    }

    private sealed record Thing(KindDefinition Kind, string? Namespace, string Name, string Uid, bool IsDeleting, IReadOnlyList<OwnerOf> Owners, IReadOnlyList<string> Finalizers)
    {
        public bool Has(string finalizer) => Finalizers.Contains(finalizer, StringComparer.Ordinal);

        public static Thing Of(KindDefinition kind, JsonObject json)
        {
            var metadata = json["metadata"]!.AsObject();
            return new Thing(
                kind,
                metadata["namespace"]?.GetValue<string>(),
                metadata["name"]!.GetValue<string>(),
                metadata["uid"]!.GetValue<string>(),
                metadata["deletionTimestamp"] is not null,
                [.. (metadata["ownerReferences"] as JsonArray ?? []).OfType<JsonObject>().Select(OwnerOf.Of)],
                [.. (metadata["finalizers"] as JsonArray ?? []).Select(one => one!.GetValue<string>())]);
        }
    }
}
