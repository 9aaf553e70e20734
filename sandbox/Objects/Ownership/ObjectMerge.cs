using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Merges an applied configuration into a live object, and takes out what nobody declares any more.</summary>
internal static class ObjectMerge
{
    /// <summary>The applied value wins; what it does not mention stays. Neither argument is changed.</summary>
    public static JsonNode? Merge(JsonNode? live, JsonNode? applied, StructuralSchema? schema)
    {
        var shape = MergeShapes.Of(applied, schema);
        if (shape == MergeShape.Leaf || MergeShapes.Of(live, schema) != shape)
            return applied?.DeepClone();
        return shape == MergeShape.Granular
            ? Members((JsonObject)live!, (JsonObject)applied!, schema)
            : Items((JsonArray)live!, (JsonArray)applied!, schema!);
    }

    private static JsonObject Members(JsonObject live, JsonObject applied, StructuralSchema? schema)
    {
        var merged = new JsonObject();
        foreach (var (name, value) in live)
            merged[name] = applied.TryGetPropertyValue(name, out var wanted) ? Merge(value, wanted, schema?.Member(name)) : value?.DeepClone();
        foreach (var (name, wanted) in applied)
            if (!live.ContainsKey(name))
                merged[name] = wanted?.DeepClone();
        return merged;
    }

    /// <summary>Items come in the applied order; items that only the live list has keep their place before the next shared one.</summary>
    private static JsonArray Items(JsonArray live, JsonArray applied, StructuralSchema schema)
    {
        var places = new Dictionary<string, int>(live.Count, StringComparer.Ordinal);
        for (var i = 0; i < live.Count; i++)
            places.TryAdd(FieldElement.Item(live[i], schema)!, i);
        var wanted = applied.Select(a => FieldElement.Item(a, schema)!).ToHashSet(StringComparer.Ordinal);
        var merged = new JsonArray();
        var next = 0;
        bool IsLiveOnly(int at) => !wanted.Contains(FieldElement.Item(live[at], schema)!);
        foreach (var item in applied)
        {
            var isShared = places.TryGetValue(FieldElement.Item(item, schema)!, out var place);
            for (; next < live.Count && (isShared ? next <= place : IsLiveOnly(next)); next++)
                if (IsLiveOnly(next))
                    merged.Add(live[next]?.DeepClone());
            merged.Add(isShared ? Merge(live[place], item, schema.Items) : item?.DeepClone());
        }

        for (; next < live.Count; next++)
            if (IsLiveOnly(next))
                merged.Add(live[next]?.DeepClone());
        return merged;
    }

    /// <summary>
    /// Takes out what <paramref name="last"/> declared and <paramref name="kept"/> (all managers now) does not.
    /// What was never declared stays, unless the object that holds it goes as a whole.
    /// </summary>
    public static void Prune(JsonNode? node, StructuralSchema? schema, FieldSet last, FieldSet? kept)
    {
        switch (MergeShapes.Of(node, schema))
        {
            case MergeShape.Granular:
                var obj = (JsonObject)node!;
                foreach (var name in obj.Select(p => p.Key).ToArray())
                    if (PruneChild(FieldElement.Member(name), obj[name], schema?.Member(name), schema.Declares(name), last, kept))
                        obj.Remove(name);
                break;
            case MergeShape.Items:
                var array = (JsonArray)node!;
                var gone = new List<int>();
                for (var i = 0; i < array.Count; i++)
                    if (PruneChild(FieldElement.Item(array[i], schema!)!, array[i], schema!.Items, isDeclared: false, last, kept))
                        gone.Add(i);
                if (gone.Count > 0)
                    RemoveAll(array, gone);
                break;
        }
    }

    /// <summary>True where the child itself goes.</summary>
    private static bool PruneChild(string element, JsonNode? value, StructuralSchema? schema, bool isDeclared, FieldSet last, FieldSet? kept)
    {
        if (last.Child(element) is not { } was)
            return false;
        var now = kept?.Child(element);
        // A declared member with fields below counts as a field itself; an item of a list only where somebody owns all of it.
        var isKept = now is not null && (now.IsMember || isDeclared);
        if (!isKept && (was.IsMember || isDeclared))
            return true;
        Prune(value, schema, was, now);
        return false;
    }

    /// <summary>One pass: removing by index one at a time would be quadratic.</summary>
    private static void RemoveAll(JsonArray array, List<int> sortedIndexes)
    {
        var gone = sortedIndexes.ToHashSet();
        var kept = new List<JsonNode?>(array.Count - gone.Count);
        for (var i = 0; i < array.Count; i++)
            if (!gone.Contains(i))
                kept.Add(array[i]);
        array.Clear();
        foreach (var item in kept)
            array.Add(item);
    }
}
