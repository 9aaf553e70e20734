using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>How server-side apply sees a value: as members, as items told apart, or as one value.</summary>
internal enum MergeShape
{
    /// <summary>One value.</summary>
    Leaf,

    /// <summary>An object whose members are owned one by one.</summary>
    Granular,

    /// <summary>A set or list-map whose items are owned one by one.</summary>
    Items,
}

internal static class MergeShapes
{
    /// <summary>The shape of a value under its schema; where nothing is known, objects are granular and lists are one value.</summary>
    public static MergeShape Of(JsonNode? node, StructuralSchema? schema) => node switch
    {
        JsonObject when schema is not { AtomicMap: true } => MergeShape.Granular,
        JsonArray array when schema is { ListType: not ListType.Atomic } && HasElements(array, schema) => MergeShape.Items,
        _ => MergeShape.Leaf,
    };

    /// <summary>A list whose items cannot all be told apart is one value.</summary>
    private static bool HasElements(JsonArray array, StructuralSchema schema)
    {
        foreach (var item in array)
            if (FieldElement.Item(item, schema) is null)
                return false;
        return true;
    }

    /// <summary>True for members that the schema names; those of maps and of unknown objects are not.</summary>
    public static bool Declares(this StructuralSchema? schema, string name) => schema is not null && schema.Properties.ContainsKey(name);
}
