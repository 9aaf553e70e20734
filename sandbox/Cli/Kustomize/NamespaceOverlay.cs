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
        var accounts = manifests.Where(manifest => manifest.Kind == "ServiceAccount").Select(manifest => manifest.Name).ToHashSet();

        foreach (var manifest in manifests)
        {
            var metadata = manifest.Body["metadata"]!.AsObject();
            if (manifest.Kind == "Namespace")
                metadata["name"] = space;
            else if (!ClusterScoped.Contains(manifest.Kind) && !clusterScopedByCrd.Contains(manifest.Kind))
                metadata["namespace"] = space;

            if (manifest.Body["subjects"] is JsonArray subjects)
                foreach (var subject in subjects.OfType<JsonObject>())
                    if ((string?)subject["kind"] == "ServiceAccount" && IsOurs((string?)subject["name"], accounts))
                        subject["namespace"] = space;
        }
    }

    // kustomize moves the account named default too, wherever it is declared.
    private static bool IsOurs(string? account, HashSet<string> accounts) =>
        account is not null && (account == "default" || accounts.Contains(account));
}
