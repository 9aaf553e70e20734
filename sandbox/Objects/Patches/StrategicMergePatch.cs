using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>
/// Strategic merge patch of built-in kinds
/// (https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md).
/// </summary>
public static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string SetOrder = "$setElementOrder/";
    private const string DeleteFromList = "$deleteFromPrimitiveList/";

    /// <summary>
    /// Returns the patched object; neither argument is changed and no directive is stored.
    /// <see cref="PatchFailedException"/> where a directive is unknown or an element lacks its merge key.
    /// </summary>
    public static JsonObject Apply(JsonObject target, JsonObject patch, StructuralSchema schema) => MergeObject(target, patch, schema);

    private static JsonObject MergeObject(JsonObject target, JsonObject patch, StructuralSchema? schema)
    {
        switch (DirectiveOf(patch))
        {
            case "replace":
                return Plain(patch);
            case "delete":
                return [];
        }

        var result = (JsonObject)target.DeepClone();
        if (patch[RetainKeys] is JsonArray retained)
            Retain(result, retained);
        foreach (var (name, value) in patch)
        {
            if (name.StartsWith(DeleteFromList, StringComparison.Ordinal))
                DeletePrimitives(result, name[DeleteFromList.Length..], value as JsonArray);
            if (name[0..Math.Min(1, name.Length)] == "$")
                continue;
            if (value is null)
                result.Remove(name);
            else
                result[name] = Value(result[name], value, schema?.Member(name), patch[SetOrder + name] as JsonArray);
        }

        Reorder(result, patch, schema);
        return result;
    }

    private static JsonNode Value(JsonNode? current, JsonNode value, StructuralSchema? schema, JsonArray? order) => value switch
    {
        JsonObject patch => MergeObject(current as JsonObject ?? [], patch, schema),
        JsonArray patch when schema is { PatchMerges: true } => schema.PatchMergeKey is { } key
            ? MergeList(current as JsonArray ?? [], patch, schema, key, order)
            : MergeSet(current as JsonArray ?? [], patch, order),
        JsonArray patch => new JsonArray([.. patch.Where(e => !IsDirective(e)).Select(e => e is JsonObject o ? Plain(o) : e?.DeepClone())]),
        _ => value.DeepClone(),
    };

    private static JsonArray MergeList(JsonArray current, JsonArray patch, StructuralSchema schema, string key, JsonArray? order)
    {
        var plain = new JsonArray([.. patch.Where(e => e is not JsonObject o || DirectiveOf(o) is null).Select(e => e?.DeepClone())]);
        // An element with $patch: replace, whatever else it says, makes the others the whole list.
        if (patch.OfType<JsonObject>().Any(o => DirectiveOf(o) == "replace"))
            return new JsonArray([.. plain.OfType<JsonObject>().Select(o => (JsonNode)Plain(o))]);
        RequireOrder(plain, order, key);
        var gone = patch.OfType<JsonObject>().Where(o => DirectiveOf(o) == "delete").Select(o => RequireKey(o, key)).ToHashSet(StringComparer.Ordinal);
        var left = new JsonArray([.. current.Where(c => !gone.Contains(Key(c as JsonObject, key) ?? "")).Select(c => c?.DeepClone())]);
        var items = left.Select(c => c?.DeepClone()).ToList();
        var places = new Dictionary<string, int>(items.Count, StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
            places.TryAdd(Key(items[i] as JsonObject, key) ?? "", i);
        foreach (var element in plain)
            MergeItem(items, places, element as JsonObject ?? throw new PatchFailedException("a list of objects takes objects", malformed: true), schema, key);
        return ListOrder.Arrange(items, order ?? plain, left, e => Key(e as JsonObject, key));
    }

    /// <summary>A $setElementOrder must name every element of the patch, in the patch's order.</summary>
    private static void RequireOrder(JsonArray patch, JsonArray? order, string key)
    {
        if (order is null)
            return;
        var next = 0;
        foreach (var element in patch.OfType<JsonObject>())
        {
            while (next < order.Count && Key(order[next] as JsonObject, key) != Key(element, key))
                next++;
            if (next++ >= order.Count)
                throw new PatchFailedException($"The order in patch list:\n{patch.ToJsonString()}\n doesn't match $setElementOrder list:\n{order.ToJsonString()}\n", malformed: true);
        }
    }

    private static void MergeItem(List<JsonNode?> items, Dictionary<string, int> places, JsonObject element, StructuralSchema schema, string key)
    {
        var identity = RequireKey(element, key);
        if (places.TryGetValue(identity, out var place))
        {
            items[place] = MergeObject(items[place] as JsonObject ?? [], element, schema.Items);
            return;
        }

        places[identity] = items.Count;
        items.Add(MergeObject([], element, schema.Items));
    }

    private static string RequireKey(JsonObject element, string key) =>
        Key(element, key) ?? throw new PatchFailedException($"map: {element.ToJsonString()} does not contain declared merge key: {key}", malformed: true);

    private static JsonArray MergeSet(JsonArray current, JsonArray patch, JsonArray? order)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var merged = current.Concat(patch).Where(e => seen.Add(CanonicalJson.Text(e))).Select(e => e?.DeepClone()).ToList();
        return ListOrder.Arrange(merged, order ?? patch, current, CanonicalJson.Text);
    }

    /// <summary>$setElementOrder of a list that the patch does not change otherwise.</summary>
    private static void Reorder(JsonObject result, JsonObject patch, StructuralSchema? schema)
    {
        foreach (var (name, value) in patch)
        {
            if (!name.StartsWith(SetOrder, StringComparison.Ordinal) || value is not JsonArray order)
                continue;
            var field = name[SetOrder.Length..];
            if (result[field] is not JsonArray list || patch.ContainsKey(field))
                continue;
            Func<JsonNode?, string?> identity = schema?.Member(field)?.PatchMergeKey is { } key ? e => Key(e as JsonObject, key) : CanonicalJson.Text;
            result[field] = ListOrder.Arrange([.. list.Select(e => e?.DeepClone())], order, list, identity);
        }
    }

    private static void Retain(JsonObject result, JsonArray retained)
    {
        var names = retained.Select(r => r.TextOrNull()).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var name in result.Select(p => p.Key).Where(k => !names.Contains(k)).ToArray())
            result.Remove(name);
    }

    private static void DeletePrimitives(JsonObject result, string field, JsonArray? values)
    {
        if (result[field] is not JsonArray list || values is null)
            return;
        var gone = values.Select(CanonicalJson.Text).ToHashSet(StringComparer.Ordinal);
        result[field] = new JsonArray([.. list.Where(e => !gone.Contains(CanonicalJson.Text(e))).Select(e => e?.DeepClone())]);
    }

    private static string? Key(JsonObject? element, string key) => element?[key] is { } value ? CanonicalJson.Text(value) : null;

    private static string? DirectiveOf(JsonObject patch) => patch[Directive] switch
    {
        null => null,
        var value when value.TextOrNull() is "merge" or "replace" or "delete" => value.TextOrNull(),
        var value => throw new PatchFailedException($"Unknown patch type found: {value.ToJsonString()}", malformed: true),
    };

    private static bool IsDirective(JsonNode? element) => element is JsonObject { Count: 1 } o && o.ContainsKey(Directive);

    /// <summary>A patch as a value: without directives at any depth.</summary>
    private static JsonObject Plain(JsonObject patch)
    {
        var plain = new JsonObject();
        foreach (var (name, value) in patch)
            if (!name.StartsWith('$'))
                plain[name] = value switch
                {
                    JsonObject o => Plain(o),
                    JsonArray a => new JsonArray([.. a.Where(e => !IsDirective(e)).Select(e => e is JsonObject o ? Plain(o) : e?.DeepClone())]),
                    _ => value?.DeepClone(),
                };
        return plain;
    }
}
