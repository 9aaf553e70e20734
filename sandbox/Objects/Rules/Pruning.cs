using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Removes members that the schema does not know.</summary>
public static class Pruning
{
    /// <summary>
    /// Prunes the object in place. Returns the paths of what was removed, such as <c>spec.ports[0].bogus</c>, in document order.
    /// </summary>
    public static IReadOnlyList<string> Prune(JsonObject obj, KindDefinition kind)
    {
        var unknown = new List<string>();
        PruneObject(obj, kind.Schema, "", unknown, isRoot: true);
        return unknown;
    }

    private static void PruneNode(JsonNode? node, StructuralSchema schema, string path, List<string> unknown)
    {
        switch (node)
        {
            case JsonObject obj:
                PruneObject(obj, schema, path, unknown, isRoot: false);
                break;
            case JsonArray array when schema.Items is { } items:
                for (var i = 0; i < array.Count; i++)
                    PruneNode(array[i], items, $"{path}[{i}]", unknown);
                break;
        }
    }

    private static void PruneObject(JsonObject obj, StructuralSchema schema, string path, List<string> unknown, bool isRoot)
    {
        List<string>? removed = null;
        foreach (var (name, value) in obj)
        {
            if (schema.Member(name) is { } member)
                PruneNode(value, member, Join(path, name), unknown);
            else if (schema.EmbeddedResource && name is "apiVersion" or "kind" or "metadata")
                PruneEmbedded(name, value, path, unknown);
            else if (!schema.AllowsAnyMember && (isRoot || !schema.IntOrString))
            {
                (removed ??= []).Add(name);
                unknown.Add(Join(path, name));
            }
        }

        if (removed is not null)
            foreach (var name in removed)
                obj.Remove(name);
    }

    private static void PruneEmbedded(string name, JsonNode? value, string path, List<string> unknown)
    {
        if (name == "metadata" && value is JsonObject metadata)
            PruneObject(metadata, StructuralSchema.FromModelType(typeof(k8s.Models.V1ObjectMeta)), Join(path, name), unknown, isRoot: false);
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : path + "." + name;
}
