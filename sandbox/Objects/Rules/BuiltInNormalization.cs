using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>
/// What decoding into Go types and encoding again does to a built-in object: empty lists and maps vanish,
/// quantities take their canonical form.
/// </summary>
internal static class BuiltInNormalization
{
    public static void Normalize(JsonObject obj, StructuralSchema schema)
    {
        List<string>? empty = null;
        List<(string, JsonNode)>? canonical = null;
        foreach (var (name, value) in obj)
        {
            if (value is null || schema.Member(name) is not { } member)
                continue;
            Visit(value, member);
            if (IsOmittedWhenEmpty(value, member) && !schema.Required.Contains(name))
                (empty ??= []).Add(name);
            else if (member.Quantity && Canonical(value) is { } quantity)
                (canonical ??= []).Add((name, quantity));
        }

        if (empty is not null)
            foreach (var name in empty)
                obj.Remove(name);
        if (canonical is not null)
            foreach (var (name, quantity) in canonical)
                obj[name] = quantity;
    }

    private static void Visit(JsonNode value, StructuralSchema schema)
    {
        switch (value)
        {
            case JsonObject obj:
                Normalize(obj, schema);
                break;
            case JsonArray array when schema.Items is { } items:
                foreach (var element in array)
                    if (element is not null)
                        Visit(element, items);
                break;
        }
    }

    private static bool IsOmittedWhenEmpty(JsonNode value, StructuralSchema schema) => value switch
    {
        JsonArray { Count: 0 } => schema.GoType == "slice",
        JsonObject { Count: 0 } => schema.GoType == "map",
        _ => false,
    };

    private static JsonNode? Canonical(JsonNode value)
    {
        if (value is not JsonValue scalar)
            return null;
        var text = scalar.GetValueKind() switch
        {
            JsonValueKind.String => scalar.Text(),
            JsonValueKind.Number => scalar.ToJsonString(),
            _ => null,
        };
        return text is not null && Quantities.Canonical(text) is { } canonical ? JsonValue.Create(canonical) : null;
    }
}
