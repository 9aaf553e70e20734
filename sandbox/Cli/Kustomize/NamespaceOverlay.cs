using System.Text.Json.Nodes;

namespace Ops.Cli.Kustomize;

/// <summary>
/// What <c>namespace:</c> of a kustomization does: it sets metadata.namespace of every namespaced object, the name of a
/// Namespace object, and the namespace of those service-account subjects whose account is among the objects.
/// </summary>
internal static class NamespaceOverlay
{
    // Cluster-scoped kinds that manifests of this project may hold. Kinds of a CRD in the same set say it themselves;
    // every other kind counts as namespaced, as kustomize has it.
    private static readonly HashSet<string> ClusterScoped =
    [
        "APIService", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CustomResourceDefinition", "IngressClass",
        "MutatingWebhookConfiguration", "Node", "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    ];

    public static void Apply(IReadOnlyList<Manifest> manifests, string space)
    {
        var clusterScopedByCrd = manifests
            .Where(manifest => manifest.Kind == "CustomResourceDefinition" && (string?)manifest.Body["spec"]?["scope"] == "Cluster")
            .Select(manifest => (string?)manifest.Body["spec"]?["names"]?["kind"])
            .ToHashSet();
        var accounts = manifests.Where(manifest => manifest.Kind == "ServiceAccount").Select(manifest => (manifest.Name, manifest.Namespace)).ToHashSet();

        foreach (var manifest in manifests)
        {
            var metadata = manifest.Body["metadata"]!.AsObject();
            if (manifest.Kind == "Namespace")
                metadata["name"] = space;
            else if (!ClusterScoped.Contains(manifest.Kind) && !clusterScopedByCrd.Contains(manifest.Kind))
                metadata["namespace"] = space;

            if (manifest.Body["subjects"] is JsonArray subjects)
                foreach (var subject in subjects.OfType<JsonObject>())
                    if ((string?)subject["kind"] == "ServiceAccount" && IsOurs(subject, accounts))
                        subject["namespace"] = space;
        }
    }

    // A subject means the account of the same name and, where it names a namespace, of the same one.
    private static bool IsOurs(JsonObject subject, HashSet<(string Name, string? Namespace)> accounts) =>
        accounts.Contains(((string?)subject["name"] ?? "", (string?)subject["namespace"]));
}
