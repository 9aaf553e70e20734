using System.Globalization;
using System.Text.Json.Nodes;
using Ops.Api;

namespace Ops.Healing.Content;

/// <summary>What differs between two contents, field by field, and the way back.</summary>
public static class ObjectDiff
{
    /// <summary>The changes that lead from one content to another. Lists of another length or order count as one field.</summary>
    /// <param name="before">The content before, or null for no object.</param>
    /// <param name="after">The content after, or null for no object.</param>
    public static IReadOnlyList<FieldChange> Between(JsonNode? before, JsonNode? after)
    {
        var changes = new List<FieldChange>();
        Compare("", before, after, changes);
        return changes;
    }

    /// <summary>Takes changes back: every field gets its value from before.</summary>
    /// <param name="obj">The object with the changes; it is altered.</param>
    /// <param name="changes">Changes of fields, none of the whole object.</param>
    public static void TakeBack(JsonObject obj, IReadOnlyList<FieldChange> changes)
    {
        foreach (var change in changes)
        {
            var names = change.Path.Split('/').Skip(1).Select(name => name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToList();
            JsonNode parent = obj;
            foreach (var name in names.SkipLast(1))
                parent = Child(parent, name) ?? throw new InvalidOperationException($"{change.Path} is not there any more");
            Set(parent, names[^1], change.Before is { } text ? JsonNode.Parse(text) : null, change.Before is null);
        }
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<FieldChange> changes)
    {
        if (JsonNode.DeepEquals(before, after))
            return;
        if (before is JsonObject old && after is JsonObject now)
        {
            foreach (var name in old.Select(pair => pair.Key).Union(now.Select(pair => pair.Key)).Order(StringComparer.Ordinal))
                Compare($"{path}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}", old[name], now[name], changes);
        }
        else if (before is JsonArray oldItems && after is JsonArray newItems && oldItems.Count == newItems.Count)
        {
            for (var i = 0; i < oldItems.Count; i++)
                Compare(string.Create(CultureInfo.InvariantCulture, $"{path}/{i}"), oldItems[i], newItems[i], changes);
        }
        else
        {
            changes.Add(new() { Path = path.Length == 0 ? FieldChange.WholeObject : path, Before = before?.ToJsonString(), After = after?.ToJsonString() });
        }
    }

    private static JsonNode? Child(JsonNode parent, string name) =>
        parent is JsonArray array ? array[int.Parse(name, CultureInfo.InvariantCulture)] : parent[name];

    private static void Set(JsonNode parent, string name, JsonNode? value, bool isAbsent)
    {
        if (parent is JsonArray array)
            array[int.Parse(name, CultureInfo.InvariantCulture)] = value;
        else if (isAbsent)
            parent.AsObject().Remove(name);
        else
            parent[name] = value;
    }
}
