using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api;

/// <summary>
/// The API server without HTTP, as system:masters: same defaulting, validation, admission, conflicts and events.
/// Every method throws <see cref="ApiException"/> where HTTP would answer with a Status. Thread-safe.
/// </summary>
public sealed class LocalClient
{
    private readonly ObjectStore _store;
    private readonly ResourceRegistry _registry;
    private readonly ObjectWriter _writer;
    private readonly ObjectDeleter _deleter;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopping;
    private readonly string _manager;

    internal LocalClient(ObjectStore store, ResourceRegistry registry, ObjectWriter writer, ObjectDeleter deleter, ILogger logger, CancellationToken stopping, string manager = "sandbox")
    {
        _store = store;
        _registry = registry;
        _writer = writer;
        _deleter = deleter;
        _logger = logger;
        _stopping = stopping;
        _manager = manager;
    }

    /// <summary>Raised after a CRD was established, changed or removed.</summary>
    public event EventHandler? KindsChanged
    {
        add => _registry.Changed += value;
        remove => _registry.Changed -= value;
    }

    /// <summary>Every kind that can be stored now, one version each.</summary>
    public IReadOnlyList<KindDefinition> Kinds => [.. _registry.Current.Stored.Select(r => r.Kind)];

    /// <summary>The same client, whose writes are recorded in managedFields under another name.</summary>
    public LocalClient As(string fieldManager) => new(_store, _registry, _writer, _deleter, _logger, _stopping, fieldManager);

    /// <summary>The kind of a group, version and kind name; null when it is not served.</summary>
    public KindDefinition? FindKind(string apiVersion, string kind)
    {
        var slash = apiVersion.IndexOf('/');
        var (group, version) = slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
        return _registry.Current.FindKind(group, version, kind)?.Kind;
    }

    /// <summary>Creates an object; metadata.generateName works.</summary>
    public T Create<T>(T obj)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var document = ToJson(obj);
        return FromJson<T>(Create(KindOf<T>(), document));
    }

    /// <summary>Creates an object of any kind.</summary>
    public JsonObject Create(KindDefinition kind, JsonObject obj) =>
        _writer.Create(Resource(kind), NamespaceOf(kind, obj), obj, Options());

    /// <summary>Reads an object; null when it does not exist.</summary>
    public T? Get<T>(string? ns, string name)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var resource = Resource(KindOf<T>());
        return Find(resource, ns, name) is { } stored ? FromStored<T>(resource, stored) : null;
    }

    /// <summary>Reads an object of any kind; null when it does not exist.</summary>
    public JsonObject? Get(KindDefinition kind, string? ns, string name)
    {
        var resource = Resource(kind);
        return Find(resource, ns, name) is { } stored ? resource.FromStorage(stored.Parse()) : null;
    }

    /// <summary>Lists objects of one or all namespaces in order of namespace and name.</summary>
    public IReadOnlyList<T> List<T>(string? ns = null, string? labelSelector = null)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var resource = Resource(KindOf<T>());
        return [.. Select(resource, ns, labelSelector).Select(s => FromStored<T>(resource, s))];
    }

    /// <summary>Lists objects of any kind.</summary>
    public IReadOnlyList<JsonObject> List(KindDefinition kind, string? ns = null, string? labelSelector = null)
    {
        var resource = Resource(kind);
        return [.. Select(resource, ns, labelSelector).Select(s => resource.FromStorage(s.Parse()))];
    }

    /// <summary>Replaces an object; a stale resourceVersion is a 409.</summary>
    public T Update<T>(T obj)
        where T : IKubernetesObject<V1ObjectMeta> => FromJson<T>(Update(KindOf<T>(), ToJson(obj)));

    /// <summary>Replaces the status of an object; everything else in <paramref name="obj"/> is ignored.</summary>
    public T UpdateStatus<T>(T obj)
        where T : IKubernetesObject<V1ObjectMeta> => FromJson<T>(Update(KindOf<T>(), ToJson(obj), "status"));

    /// <summary>Replaces an object of any kind.</summary>
    public JsonObject Update(KindDefinition kind, JsonObject obj, string? subresource = null) =>
        _writer.Update(Resource(kind), NamespaceOf(kind, obj), obj.Metadata().Text("name") ?? "", obj, Options(subresource));

    /// <summary>Merge-patches an object (RFC 7386).</summary>
    public T Patch<T>(string? ns, string name, JsonObject mergePatch, string? subresource = null)
        where T : IKubernetesObject<V1ObjectMeta> => FromJson<T>(Patch(KindOf<T>(), ns, name, mergePatch, subresource));

    /// <summary>Merge-patches an object of any kind.</summary>
    public JsonObject Patch(KindDefinition kind, string? ns, string name, JsonObject mergePatch, string? subresource = null) =>
        _writer.Change(Resource(kind), ns ?? "", name, live => (JsonObject)MergePatch.Apply(live, mergePatch)!, Options(subresource));

    /// <summary>
    /// Deletes an object. <paramref name="gracePeriodSeconds"/> 0 removes a pod at once: that is how a kubelet says that
    /// its processes are gone.
    /// </summary>
    public void Delete<T>(string? ns, string name, string propagation = "Background", string? uid = null, long? gracePeriodSeconds = null)
        where T : IKubernetesObject<V1ObjectMeta> => Delete(KindOf<T>(), ns, name, propagation, uid, gracePeriodSeconds);

    /// <summary>Deletes an object of any kind.</summary>
    public void Delete(KindDefinition kind, string? ns, string name, string propagation = "Background", string? uid = null, long? gracePeriodSeconds = null) =>
        _deleter.Delete(Resource(kind), ns ?? "", name, new DeleteOptions { Propagation = propagation, Uid = uid, GracePeriodSeconds = gracePeriodSeconds });

    /// <summary>
    /// Watches a kind: first every existing object as Added, then each change, in order, on one task of its own. A handler
    /// that is too slow skips intermediate states, never the last one and never a deletion. Dispose to stop.
    /// </summary>
    public IDisposable Watch<T>(Action<WatchEventType, T> handler)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var resource = Resource(KindOf<T>());
        return new LocalWatch(_store, resource, (type, stored) => handler(type, FromStored<T>(resource, stored)), _logger, _stopping);
    }

    /// <summary>Watches any kind.</summary>
    public IDisposable Watch(KindDefinition kind, Action<WatchEventType, JsonObject> handler)
    {
        var resource = Resource(kind);
        return new LocalWatch(_store, resource, (type, stored) => handler(type, resource.FromStorage(stored.Parse())), _logger, _stopping);
    }

    private WriteOptions Options(string? subresource = null) =>
        new() { FieldManager = _manager, FieldValidation = FieldValidation.Ignore, Subresource = subresource };

    private ServedResource Resource(KindDefinition kind) =>
        _registry.Current.Find(kind.Group, kind.Version, kind.Plural) ?? throw Errors.UnknownPath();

    private KindDefinition KindOf<T>()
    {
        var entity = KubernetesEntities.Of(typeof(T));
        return _registry.Current.FindKind(entity.Group ?? "", entity.ApiVersion, entity.Kind)?.Kind ?? throw Errors.UnknownPath();
    }

    private StoredObject? Find(ServedResource resource, string? ns, string name) =>
        _store.Snapshot.Find(resource.Storage, new ObjectId(resource.Kind.Namespaced ? ns ?? "" : "", name));

    private IEnumerable<StoredObject> Select(ServedResource resource, string? ns, string? labelSelector)
    {
        var query = new ListQuery { Namespace = ns ?? "", Labels = LabelSelector.Parse(labelSelector) };
        return _store.Snapshot.Of(resource.Storage).Values.Where(query.Selects);
    }

    private static string NamespaceOf(KindDefinition kind, JsonObject obj) => kind.Namespaced ? obj.Metadata().Text("namespace") ?? "default" : "";

    private static JsonObject ToJson<T>(T obj) => (JsonObject)JsonNode.Parse(KubernetesJson.Serialize(obj))!;

    private static T FromJson<T>(JsonObject document) => KubernetesJson.Deserialize<T>(document.ToJsonString());

    private static T FromStored<T>(ServedResource resource, StoredObject stored)
    {
        if (!resource.IsStorageVersion) return FromJson<T>(resource.FromStorage(stored.Parse()));
        using var stream = new MemoryStream(stored.Json, writable: false);
        return KubernetesJson.Deserialize<T>(stream);
    }
}
