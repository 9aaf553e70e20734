using System.Text;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>The keys that tell elements of a list-map apart.</summary>
internal static class ListMapKey
{
    /// <summary>
    /// The keys of an element as compact JSON, names sorted: <c>{"containerPort":80,"protocol":"TCP"}</c>. An absent key takes
    /// its schema default. Null where the element is no object or has none of the keys.
    /// Apply asks this several times an element, so it builds the text without intermediate nodes.
    /// </summary>
    public static string? Text(JsonObject? element, StructuralSchema list)
    {
        if (element is null)
            return null;
        var text = new StringBuilder("{", 32);
        foreach (var name in list.SortedMapKeys)
        {
            if ((element[name] ?? list.Items?.Member(name)?.Default) is not { } value)
                continue;
            text.Append(text.Length == 1 ? "" : ",").Append('"').Append(name).Append("\":").Append(CanonicalJson.Text(value));
        }

        return text.Length == 1 ? null : text.Append('}').ToString();
    }
}
