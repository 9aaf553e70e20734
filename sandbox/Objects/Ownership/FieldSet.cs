using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>
/// A set of field paths as a tree, the shape of fieldsV1. A node may be a member itself, have members below, or both.
/// </summary>
internal sealed class FieldSet
{
    // fieldsV1 of a client may nest; deeper than this no Kubernetes object goes (the JSON reader's own limit is 64).
    private const int MaxDepth = 64;

    private readonly Dictionary<string, FieldSet> _children = new(StringComparer.Ordinal);

    /// <summary>True where the path of this node is in the set.</summary>
    public bool IsMember { get; set; }

    public IReadOnlyDictionary<string, FieldSet> Children => _children;

    public bool IsEmpty => !IsMember && _children.Count == 0;

    public FieldSet? Child(string element) => _children.GetValueOrDefault(element);

    public FieldSet ChildOrNew(string element)
    {
        if (!_children.TryGetValue(element, out var child))
            _children[element] = child = new FieldSet();
        return child;
    }

    /// <summary>Adds a subtree; an empty one is left out.</summary>
    public void Add(string element, FieldSet child)
    {
        if (!child.IsEmpty)
            _children[element] = child;
    }

    public void Remove(string element) => _children.Remove(element);

    public FieldSet Union(FieldSet other) => Combine(this, other, (a, b) => a || b);

    public FieldSet Intersect(FieldSet other) => Combine(this, other, (a, b) => a && b);

    public FieldSet Except(FieldSet other) => Combine(this, other, (a, b) => a && !b);

    public bool Same(FieldSet other) =>
        IsMember == other.IsMember && _children.Count == other._children.Count
        && _children.All(c => other._children.TryGetValue(c.Key, out var o) && c.Value.Same(o));

    /// <summary>Every path in the set, as lists of elements, in the order of the tree.</summary>
    public IEnumerable<IReadOnlyList<string>> Paths() => Paths([]);

    /// <summary>Reads fieldsV1. Anything malformed counts as an empty set.</summary>
    public static FieldSet Read(JsonNode? fieldsV1) => Read(fieldsV1, isRoot: true, MaxDepth);

    /// <summary>Writes fieldsV1, elements sorted.</summary>
    public JsonObject Write()
    {
        var node = new JsonObject();
        if (IsMember && _children.Count > 0)
            node["."] = new JsonObject();
        foreach (var (element, child) in _children.OrderBy(c => c.Key, StringComparer.Ordinal))
            node[element] = child.Write();
        return node;
    }

    private static FieldSet Read(JsonNode? node, bool isRoot, int depth)
    {
        var set = new FieldSet();
        if (node is not JsonObject obj || depth == 0)
            return set;
        // A leaf is a member; a node with members below is one only with ".".
        set.IsMember = !isRoot && (obj.Count == 0 || obj.ContainsKey("."));
        foreach (var (element, child) in obj)
            if (element != ".")
                set.Add(FieldElement.Canonical(element), Read(child, isRoot: false, depth - 1));
        return set;
    }

    private static FieldSet Combine(FieldSet? a, FieldSet? b, Func<bool, bool, bool> rule)
    {
        var result = new FieldSet { IsMember = rule(a?.IsMember ?? false, b?.IsMember ?? false) };
        foreach (var (element, child) in a?._children ?? [])
            result.Add(element, Combine(child, b?.Child(element), rule));
        foreach (var (element, child) in b?._children ?? [])
            if (a is null || !a._children.ContainsKey(element))
                result.Add(element, Combine(null, child, rule));
        return result;
    }

    private IEnumerable<IReadOnlyList<string>> Paths(List<string> above)
    {
        if (IsMember)
            yield return [.. above];
        foreach (var (element, child) in _children.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            above.Add(element);
            foreach (var path in child.Paths(above))
                yield return path;
            above.RemoveAt(above.Count - 1);
        }
    }
}
