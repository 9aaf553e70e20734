using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Fills in defaults: those of the schema, and for built-in kinds those that the real server computes.</summary>
public static class Defaulting
{
    /// <summary>
    /// Fills in the defaults in place. Null members become their default, or are dropped where the schema neither
    /// has one nor allows null. Defaults inside an absent parent are not invented.
    /// </summary>
    public static void Apply(JsonObject obj, KindDefinition kind)
    {
        if (!kind.IsCustom)
            BuiltInNormalization.Normalize(obj, kind.Schema);
        FillObject(obj, kind.Schema);
        if (!kind.IsCustom)
            BuiltInDefaults.Apply(obj, kind);
    }

    private static void Fill(JsonNode? node, StructuralSchema schema)
    {
        switch (node)
        {
            case JsonObject obj:
                FillObject(obj, schema);
                break;
            case JsonArray array when schema.Items is { } items:
                foreach (var element in array)
                    Fill(element, items);
                break;
        }
    }

    private static void FillObject(JsonObject obj, StructuralSchema schema)
    {
        DropNulls(obj, schema);
        foreach (var (name, member) in schema.Properties)
            if (member.Default is not null && !obj.ContainsKey(name))
                obj[name] = member.Default.DeepClone();
        foreach (var (name, value) in obj)
            if (value is JsonObject or JsonArray && schema.Member(name) is { } member)
                Fill(value, member);
    }

    private static void DropNulls(JsonObject obj, StructuralSchema schema)
    {
        List<string>? nulls = null;
        foreach (var (name, value) in obj)
            if (value is null && schema.Member(name) is { Nullable: false } member && !member.AllowsAnyMember)
                (nulls ??= []).Add(name);
        if (nulls is not null)
            foreach (var name in nulls)
                obj.Remove(name);
    }
}
