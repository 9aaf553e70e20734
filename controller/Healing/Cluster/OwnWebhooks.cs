using System.Text.Json.Nodes;

namespace Ops.Healing.Cluster;

/// <summary>Which webhook configurations are a namespace's own.</summary>
public static class OwnWebhooks
{
    // The label by which Kubernetes names every namespace.
    private const string NameLabel = "kubernetes.io/metadata.name";

    /// <summary>The one namespace that all webhooks of a configuration select by its name, or null.</summary>
    /// <param name="webhooks">The content's member webhooks.</param>
    public static string? NamespaceOf(JsonNode? webhooks) => webhooks is JsonArray { Count: > 0 } all
        && all.Select(hook => (string?)hook?["namespaceSelector"]?["matchLabels"]?[NameLabel]).Distinct().ToList() is [var only] ? only : null;

    /// <summary>Whether all webhooks of a configuration select one namespace by its name, and so no other.</summary>
    /// <param name="webhooks">The content's member webhooks.</param>
    /// <param name="ns">The namespace.</param>
    public static bool AreOf(JsonNode? webhooks, string ns) => NamespaceOf(webhooks) == ns;
}
