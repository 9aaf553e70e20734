using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api;

/// <summary>How documents are written, and the few paths that every part reads.</summary>
internal static class JsonText
{
    /// <summary>Compact, without escaping what Go would not escape either.</summary>
    public static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>For people: curl and browsers.</summary>
    public static readonly JsonSerializerOptions Pretty = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    /// <summary>The metadata object, created when absent.</summary>
    public static JsonObject Metadata(this JsonObject document)
    {
        if (document["metadata"] is JsonObject metadata) return metadata;
        metadata = [];
        document["metadata"] = metadata;
        return metadata;
    }

    /// <summary>A string member, or null when it is absent or not a string.</summary>
    public static string? Text(this JsonObject? node, string name) =>
        node?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>An integer member, or null when it is absent or not an integer.</summary>
    public static long? Number(this JsonObject? node, string name) => node?[name].AsLong();

    /// <summary>A boolean member, false when absent.</summary>
    public static bool Flag(this JsonObject? node, string name) =>
        node?[name] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    /// <summary>An object member, or null.</summary>
    public static JsonObject? Child(this JsonObject? node, string name) => node?[name] as JsonObject;

    /// <summary>The objects of an array member; empty when absent.</summary>
    public static IEnumerable<JsonObject> Items(this JsonObject? node, string name) =>
        node?[name] is JsonArray array ? array.OfType<JsonObject>() : [];

    /// <summary>The strings of an array member; empty when absent.</summary>
    public static IReadOnlyList<string> Texts(this JsonObject? node, string name) =>
        node?[name] is JsonArray array
            ? [.. array.OfType<JsonValue>().Select(v => v.TryGetValue<string>(out var s) ? s : null).OfType<string>()]
            : [];

    public static string? AsText(this JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static long? AsLong(this JsonNode? node)
    {
        if (node is not JsonValue value) return null;
        if (value.TryGetValue<long>(out var whole)) return whole;
        if (value.TryGetValue<int>(out var small)) return small;
        return value.TryGetValue<double>(out var real) && Math.Floor(real) == real ? (long)real : null;
    }

    /// <summary>The node at a path of member names, or null.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (node is not JsonObject parent) return null;
            node = parent[name];
        }

        return node;
    }
}
