using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>The fields that an applied configuration declares (structured-merge-diff's ToFieldSet).</summary>
internal static class FieldSets
{
    public static FieldSet Of(JsonNode? node, StructuralSchema? schema)
    {
        var set = new FieldSet();
        Walk(node, schema, set);
        return set;
    }

    private static void Walk(JsonNode? node, StructuralSchema? schema, FieldSet set)
    {
        switch (MergeShapes.Of(node, schema))
        {
            case MergeShape.Granular:
                foreach (var (name, value) in (JsonObject)node!)
                {
                    var child = new FieldSet();
                    Walk(value, schema?.Member(name), child);
                    // A declared member is implied by what is below it; anything else is a field of its own.
                    if (!schema.Declares(name) || value is null or JsonObject { Count: 0 })
                        child.IsMember = true;
                    set.Add(FieldElement.Member(name), child);
                }

                break;
            case MergeShape.Items:
                foreach (var item in (JsonArray)node!)
                {
                    var child = new FieldSet();
                    Walk(item, schema!.Items, child);
                    child.IsMember = true;
                    set.Add(FieldElement.Item(item, schema)!, child);
                }

                break;
            default:
                set.IsMember = true;
                break;
        }
    }
}
