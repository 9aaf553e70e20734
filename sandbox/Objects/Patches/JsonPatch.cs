using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>JSON patch (RFC 6902).</summary>
public static class JsonPatch
{
    // The real server refuses more operations than this in one patch.
    private const int MaxOperations = 10_000;

    /// <summary>
    /// Returns the patched document; the argument is not changed. All operations apply, or none:
    /// <see cref="PatchFailedException"/> says which could not.
    /// </summary>
    public static JsonNode? Apply(JsonNode doc, JsonArray ops)
    {
        if (ops.Count > MaxOperations)
            throw new PatchFailedException($"the patch has {ops.Count} operations, at most {MaxOperations} are allowed", malformed: true);
        JsonNode? document = doc.DeepClone();
        foreach (var op in ops)
            document = Step(document, op as JsonObject ?? throw new PatchFailedException("a patch is a list of operations", malformed: true));
        return document;
    }

    private static JsonNode? Step(JsonNode? document, JsonObject op)
    {
        var path = Path(op, "path");
        switch (op["op"].TextOrNull())
        {
            case "add":
                return Add(document, path, Value(op));
            case "remove":
                return Remove(document, path);
            case "replace":
                var replaced = JsonPointer.Get(document, path);
                return ReferenceEquals(replaced, document) && path.Length == 0 ? Value(op) : Add(Remove(document, path), path, Value(op));
            case "move":
                var from = Path(op, "from");
                if (path.Length > from.Length && path.AsSpan(0, from.Length).SequenceEqual(from))
                    throw new PatchFailedException("a value cannot be moved into itself");
                var moved = JsonPointer.Get(document, from)?.DeepClone();
                return Add(Remove(document, from), path, moved);
            case "copy":
                return Add(document, path, JsonPointer.Get(document, Path(op, "from"))?.DeepClone());
            case "test":
                if (!JsonEquality.Same(JsonPointer.Get(document, path), Value(op)))
                    throw new PatchFailedException($"testing value /{string.Join('/', path)} failed");
                return document;
            default:
                throw new PatchFailedException($"unknown operation {op["op"]?.ToJsonString() ?? "null"}", malformed: true);
        }
    }

    private static string[] Path(JsonObject op, string member) =>
        JsonPointer.Parse(op[member].TextOrNull() ?? throw new PatchFailedException($"an operation needs \"{member}\"", malformed: true));

    private static JsonNode? Value(JsonObject op) =>
        op.TryGetPropertyValue("value", out var value)
            ? value?.DeepClone()
            : throw new PatchFailedException("an operation needs \"value\"", malformed: true);

    private static JsonNode? Add(JsonNode? document, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
            return value;
        var last = path[^1];
        switch (JsonPointer.Get(document, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject parent:
                parent[last] = value;
                return document;
            case JsonArray parent when last == "-":
                parent.Add(value);
                return document;
            case JsonArray parent when JsonPointer.Index(last, parent.Count) is { } index:
                parent.Insert(index, value);
                return document;
            default:
                throw JsonPointer.Missing(path);
        }
    }

    private static JsonNode? Remove(JsonNode? document, string[] path)
    {
        if (path.Length == 0)
            return null;
        var last = path[^1];
        switch (JsonPointer.Get(document, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject parent when parent.Remove(last):
                return document;
            case JsonArray parent when JsonPointer.Index(last, parent.Count - 1) is { } index:
                parent.RemoveAt(index);
                return document;
            default:
                throw JsonPointer.Missing(path);
        }
    }
}
