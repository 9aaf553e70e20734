namespace Ops.SandboxApi.Tests;

internal static class Samples
{
    /// <summary>A custom kind with status, scale, a default, columns and a selectable field.</summary>
    public static string WidgetCrd(string plural, string kind, string shortName) => """
        {
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
          "metadata": {"name": "PLURAL.example.test"},
          "spec": {
            "group": "example.test", "scope": "Namespaced",
            "names": {"plural": "PLURAL", "kind": "KIND", "shortNames": ["SHORT"], "categories": ["all"]},
            "versions": [{
              "name": "v1", "served": true, "storage": true,
              "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"}},
              "selectableFields": [{"jsonPath": ".spec.mode"}],
              "additionalPrinterColumns": [
                {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"},
                {"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status", "priority": 1},
                {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}],
              "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "properties": {
                  "replicas": {"type": "integer", "minimum": 0, "maximum": 10},
                  "mode": {"type": "string", "enum": ["Fast", "Slow"], "default": "Fast"}}},
                "status": {"type": "object", "properties": {
                  "replicas": {"type": "integer"}, "selector": {"type": "string"},
                  "conditions": {"type": "array", "items": {"type": "object", "properties": {"type": {"type": "string"}, "status": {"type": "string"}}}}}}}}}
            }]
          }
        }
        """
        .Replace("PLURAL", plural, StringComparison.Ordinal).Replace("KIND", kind, StringComparison.Ordinal).Replace("SHORT", shortName, StringComparison.Ordinal);
}
