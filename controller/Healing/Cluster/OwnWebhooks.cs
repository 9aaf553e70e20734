using System.Text.Json.Nodes;

namespace Ops.Healing.Cluster;

/// <summary>Which webhook configurations are a namespace's own.</summary>
public static class OwnWebhooks
{
    // The label by which Kubernetes names every namespace.
    private const string NameLabel = "kubernetes.io/metadata.name";

    /// <summary>Whether all webhooks of a configuration select one namespace by its name, and so no other.</summary>
    /// <param name="webhooks">The content's member webhooks.</param>
    /// <param name="ns">The namespace.</param>
    public static bool AreOf(JsonNode? webhooks, string ns) => webhooks is JsonArray { Count: > 0 } all
        && all.All(hook => hook?["namespaceSelector"] is JsonObject selector && (string?)selector["matchLabels"]?[NameLabel] == ns);
}
