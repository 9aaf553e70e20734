using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>The keys that tell elements of a list-map apart.</summary>
internal static class ListMapKey
{
    /// <summary>
    /// The keys of an element as an object, in the order of the names; an absent key takes its schema default.
    /// Null where the element is no object or lacks all keys.
    /// </summary>
    public static JsonObject? Of(JsonObject? element, StructuralSchema list)
    {
        if (element is null)
            return null;
        var key = new JsonObject();
        foreach (var name in list.ListMapKeys.Order(StringComparer.Ordinal))
            if (element[name] is { } value)
                key[name] = value.DeepClone();
            else if (list.Items?.Member(name)?.Default is { } fallback)
                key[name] = fallback.DeepClone();
        return key.Count == 0 ? null : key;
    }
}
