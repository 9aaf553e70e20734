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
            : MergeSet(current as JsonArray ?? [], patch),
        JsonArray patch => new JsonArray([.. patch.Where(e => !IsDirective(e)).Select(e => e is JsonObject o ? Plain(o) : e?.DeepClone())]),
        _ => value.DeepClone(),
    };

    private static JsonArray MergeList(JsonArray current, JsonArray patch, StructuralSchema schema, string key, JsonArray? order)
    {
        // {"$patch": "replace"} as an element replaces the whole list by the other elements.
        if (patch.Any(e => e is JsonObject { Count: 1 } o && DirectiveOf(o) == "replace"))
            return new JsonArray([.. patch.OfType<JsonObject>().Where(o => !IsDirective(o)).Select(o => (JsonNode)Plain(o))]);
        var items = new List<JsonNode?>(current.Select(c => c?.DeepClone()));
        var places = new Dictionary<string, int>(items.Count, StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
            places.TryAdd(Key(items[i] as JsonObject, key) ?? "", i);
        foreach (var element in patch)
            MergeItem(items, places, element as JsonObject ?? throw new PatchFailedException("a list of objects takes objects", malformed: true), schema, key);
        var kept = items.Where(i => i is not null).ToList();
        return new JsonArray([.. order is null ? kept : Ordered(kept, order, e => Key(e as JsonObject, key), e => Key(e as JsonObject, key))]);
    }

    private static void MergeItem(List<JsonNode?> items, Dictionary<string, int> places, JsonObject element, StructuralSchema schema, string key)
    {
        var identity = Key(element, key) ?? throw new PatchFailedException($"map: {element.ToJsonString()} does not contain declared merge key: {key}", malformed: true);
        var hasPlace = places.TryGetValue(identity, out var place);
        switch (DirectiveOf(element))
        {
            case "delete":
                if (hasPlace)
                    items[place] = null;
                places.Remove(identity);
                break;
            case "replace" when hasPlace:
                items[place] = Plain(element);
                break;
            default:
                var merged = hasPlace && items[place] is JsonObject existing ? MergeObject(existing, WithoutDirective(element), schema.Items) : MergeObject([], WithoutDirective(element), schema.Items);
                if (hasPlace)
                    items[place] = merged;
                else
                {
                    places[identity] = items.Count;
                    items.Add(merged);
                }

                break;
        }
    }

    private static JsonArray MergeSet(JsonArray current, JsonArray patch)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return new JsonArray([.. current.Concat(patch).Where(e => seen.Add(CanonicalJson.Text(e))).Select(e => e?.DeepClone())]);
    }

    /// <summary>$setElementOrder: listed elements in that order; others stay behind the element they followed.</summary>
    private static void Reorder(JsonObject result, JsonObject patch, StructuralSchema? schema)
    {
        foreach (var (name, value) in patch)
        {
            if (!name.StartsWith(SetOrder, StringComparison.Ordinal) || value is not JsonArray order)
                continue;
            var field = name[SetOrder.Length..];
            if (result[field] is not JsonArray list || patch.ContainsKey(field) && schema?.Member(field)?.PatchMergeKey is not null)
                continue;
            var key = schema?.Member(field)?.PatchMergeKey;
            Func<JsonNode?, string?> identity = key is null ? e => CanonicalJson.Text(e) : e => Key(e as JsonObject, key);
            result[field] = new JsonArray([.. Ordered([.. list.Select(e => e?.DeepClone())], order, identity, identity)]);
        }
    }

    private static IEnumerable<JsonNode?> Ordered(List<JsonNode?> items, JsonArray order, Func<JsonNode?, string?> ofItem, Func<JsonNode?, string?> ofOrder)
    {
        var ranks = new Dictionary<string, int>(order.Count, StringComparer.Ordinal);
        for (var i = 0; i < order.Count; i++)
            ranks.TryAdd(ofOrder(order[i]) ?? "", i);
        // Items that the order does not name (other writers' items) keep the rank of the item before them.
        var ranked = new List<(int Rank, JsonNode? Item)>(items.Count);
        var last = -1;
        foreach (var item in items)
        {
            if (ranks.TryGetValue(ofItem(item) ?? "", out var rank))
                last = rank;
            ranked.Add((last, item));
        }

        return ranked.OrderBy(r => r.Rank).Select(r => r.Item);
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

    private static JsonObject WithoutDirective(JsonObject element)
    {
        if (!element.ContainsKey(Directive))
            return element;
        var copy = (JsonObject)element.DeepClone();
        copy.Remove(Directive);
        return copy;
    }

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
