using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>
/// Path elements as fieldsV1 writes them: <c>f:name</c> a member, <c>k:{"name":"a"}</c> an element of a list-map,
/// <c>v:"x"</c> an element of a set.
/// </summary>
internal static class FieldElement
{
    public static string Member(string name) => "f:" + name;

    /// <summary>The element of an item of a set or list-map; null where a list-map item lacks its keys.</summary>
    public static string? Item(JsonNode? item, StructuralSchema list)
    {
        if (list.ListType == ListType.Set)
            return "v:" + CanonicalJson.Text(item);
        return ListMapKey.Text(item as JsonObject, list) is { } key ? "k:" + key : null;
    }

    /// <summary>Brings an element of a client's fieldsV1 into the form used here.</summary>
    public static string Canonical(string element)
    {
        if (!element.StartsWith("k:", StringComparison.Ordinal) && !element.StartsWith("v:", StringComparison.Ordinal))
            return element;
        try
        {
            return element[..2] + CanonicalJson.Text(JsonNode.Parse(element[2..]));
        }
        catch (JsonException)
        {
            return element;
        }
    }

    /// <summary>The element as conflict messages write it: <c>.name</c>, <c>[name="a"]</c>, <c>[="x"]</c>.</summary>
    public static string Text(string element) => element[..2] switch
    {
        "f:" => "." + element[2..],
        "k:" => "[" + Keys(element[2..]) + "]",
        "v:" => "[=" + element[2..] + "]",
        _ => "[" + element + "]",
    };

    private static string Keys(string json)
    {
        if (JsonNode.Parse(json) is not JsonObject key)
            return json;
        var text = new StringBuilder();
        foreach (var (name, value) in key)
            text.Append(text.Length == 0 ? "" : ",").Append(name).Append('=').Append(FieldCauses.Text(value));
        return text.ToString();
    }
}
