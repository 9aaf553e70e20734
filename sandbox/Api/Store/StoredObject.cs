using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Store;

/// <summary>The storage identity of a resource: every served version of it reads and writes the same objects.</summary>
internal readonly record struct ResourceId(string Group, string Plural)
{
    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}

/// <summary>Namespace (empty for cluster-scoped objects) and name, ordered as etcd orders its keys.</summary>
internal readonly record struct ObjectId(string Namespace, string Name)
{
    public static readonly IComparer<ObjectId> Order = Comparer<ObjectId>.Create(static (a, b) =>
    {
        var byNamespace = string.CompareOrdinal(a.Namespace, b.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(a.Name, b.Name);
    });
}

/// <summary>
/// One immutable version of one object. The document is kept as UTF-8 only; a parsed copy is made for whoever
/// needs to change or search it, because nodes cost about ten times their text and are not safe to share.
/// </summary>
internal sealed class StoredObject
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>(StringComparer.Ordinal);

    private StoredObject(ResourceId resource, ObjectId id, long revision, string uid, byte[] json, IReadOnlyDictionary<string, string> labels)
    {
        Resource = resource;
        Id = id;
        Revision = revision;
        Uid = uid;
        Json = json;
        Labels = labels;
        TypeMetaLength = MeasureTypeMeta(json);
    }

    public ResourceId Resource { get; }

    public ObjectId Id { get; }

    public long Revision { get; }

    public string Uid { get; }

    /// <summary>The whole document, resourceVersion included.</summary>
    public byte[] Json { get; }

    public IReadOnlyDictionary<string, string> Labels { get; }

    /// <summary>
    /// Bytes up to and including the comma after <c>{"kind":"Pod","apiVersion":"v1",</c>: items of built-in lists are
    /// sent without them.
    /// </summary>
    public int TypeMetaLength { get; }

    /// <summary>A fresh copy that the caller may change.</summary>
    public JsonObject Parse() => (JsonObject)JsonNode.Parse(Json)!;

    public static StoredObject Create(ResourceId resource, JsonObject document, long revision)
    {
        var metadata = document.Metadata();
        metadata["resourceVersion"] = revision.ToString();
        MoveToFront(document, "apiVersion");
        MoveToFront(document, "kind");
        return new StoredObject(
            resource,
            new ObjectId(metadata.Text("namespace") ?? "", metadata.Text("name") ?? ""),
            revision,
            metadata.Text("uid") ?? "",
            JsonSerializer.SerializeToUtf8Bytes(document, JsonText.Compact),
            LabelsOf(metadata));
    }

    public static StoredObject Load(ResourceId resource, byte[] json, long revision)
    {
        var metadata = ((JsonObject)JsonNode.Parse(json)!).Metadata();
        return new StoredObject(
            resource,
            new ObjectId(metadata.Text("namespace") ?? "", metadata.Text("name") ?? ""),
            revision,
            metadata.Text("uid") ?? "",
            json,
            LabelsOf(metadata));
    }

    private static void MoveToFront(JsonObject document, string name)
    {
        var value = document[name];
        document.Remove(name);
        document.Insert(0, name, value);
    }

    private static int MeasureTypeMeta(byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        for (var token = 0; token < 5; token++) reader.Read();
        return (int)reader.BytesConsumed + 1;
    }

    private static IReadOnlyDictionary<string, string> LabelsOf(JsonObject metadata)
    {
        if (metadata["labels"] is not JsonObject { Count: > 0 } labels) return NoLabels;
        var result = new Dictionary<string, string>(labels.Count, StringComparer.Ordinal);
        foreach (var (key, value) in labels)
        {
            if (value is JsonValue text && text.TryGetValue<string>(out var s)) result[key] = s;
        }

        return result;
    }
}
