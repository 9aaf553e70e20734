using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>What a write changed, by path (structured-merge-diff's Compare).</summary>
internal sealed class FieldChanges
{
    public FieldSet Added { get; } = new();

    public FieldSet Modified { get; } = new();

    public FieldSet Removed { get; } = new();

    public bool IsEmpty => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    /// <summary>Compares; linear in the size of both.</summary>
    public static FieldChanges Between(JsonObject? before, JsonObject after, StructuralSchema schema)
    {
        var changes = new FieldChanges();
        Walk(before ?? [], true, after, true, schema, changes.Added, changes.Modified, changes.Removed);
        return changes;
    }

    private static void Walk(
        JsonNode? before, bool hadBefore, JsonNode? after, bool hasAfter, StructuralSchema? schema, FieldSet added, FieldSet modified, FieldSet removed)
    {
        var shape = hasAfter ? MergeShapes.Of(after, schema) : MergeShapes.Of(before, schema);
        if (hadBefore && hasAfter && MergeShapes.Of(before, schema) != shape)
            shape = MergeShape.Leaf;
        if (shape == MergeShape.Leaf)
        {
            if (hadBefore && hasAfter)
                modified.IsMember = !JsonEquality.Same(before, after);
        }
        else if (shape == MergeShape.Granular)
            Members(before as JsonObject, after as JsonObject, schema, added, modified, removed);
        else
            Items(before as JsonArray, after as JsonArray, schema!, added, modified, removed);

        // What appears or vanishes as a whole counts itself, besides what is in it.
        added.IsMember |= !hadBefore;
        removed.IsMember |= !hasAfter;
    }

    private static void Members(JsonObject? before, JsonObject? after, StructuralSchema? schema, FieldSet added, FieldSet modified, FieldSet removed)
    {
        foreach (var (name, value) in after ?? [])
        {
            JsonNode? old = null;
            var had = before is not null && before.TryGetPropertyValue(name, out old);
            Child(FieldElement.Member(name), old, had, value, true, schema?.Member(name), added, modified, removed);
        }

        foreach (var (name, old) in before ?? [])
            if (after is null || !after.ContainsKey(name))
                Child(FieldElement.Member(name), old, true, null, false, schema?.Member(name), added, modified, removed);
    }

    private static void Items(JsonArray? before, JsonArray? after, StructuralSchema schema, FieldSet added, FieldSet modified, FieldSet removed)
    {
        var old = ByElement(before, schema);
        var current = ByElement(after, schema);
        foreach (var (element, item) in current)
            Child(element, old.GetValueOrDefault(element), old.ContainsKey(element), item, true, schema.Items, added, modified, removed);
        foreach (var (element, item) in old)
            if (!current.ContainsKey(element))
                Child(element, item, true, null, false, schema.Items, added, modified, removed);
    }

    private static void Child(
        string element, JsonNode? before, bool hadBefore, JsonNode? after, bool hasAfter, StructuralSchema? schema,
        FieldSet added, FieldSet modified, FieldSet removed)
    {
        var (childAdded, childModified, childRemoved) = (new FieldSet(), new FieldSet(), new FieldSet());
        Walk(before, hadBefore, after, hasAfter, schema, childAdded, childModified, childRemoved);
        added.Add(element, childAdded);
        modified.Add(element, childModified);
        removed.Add(element, childRemoved);
    }

    private static Dictionary<string, JsonNode?> ByElement(JsonArray? list, StructuralSchema schema)
    {
        var items = new Dictionary<string, JsonNode?>(list?.Count ?? 0, StringComparer.Ordinal);
        foreach (var item in list ?? [])
            if (FieldElement.Item(item, schema) is { } element)
                items[element] = item;
        return items;
    }
}
