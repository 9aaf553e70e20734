using System.Text.Json.Nodes;

namespace Ops.Healing.Content;

/// <summary>What people and actions decide about an object: its labels and every field but the server's and the controllers' own.</summary>
public static class ObjectContent
{
    // Kubernetes' controllers count revisions in annotations, so annotations are no content.
    private static readonly HashSet<string> Others = ["apiVersion", "kind", "metadata", "status"];

    /// <summary>The content of an object as the server sends it; the object itself stays as it is.</summary>
    /// <param name="obj">A whole object.</param>
    public static JsonObject Of(JsonObject obj)
    {
        var content = new JsonObject();
        foreach (var (name, value) in obj)
        {
            if (!Others.Contains(name))
                content[name] = value?.DeepClone();
        }

        if (obj["metadata"]?["labels"] is { } labels)
            content["metadata"] = new JsonObject { ["labels"] = labels.DeepClone() };
        return content;
    }

    /// <summary>Digest of the content.</summary>
    /// <param name="obj">A whole object.</param>
    public static string Digest(JsonObject obj) => CanonicalJson.Digest(Of(obj));
}
