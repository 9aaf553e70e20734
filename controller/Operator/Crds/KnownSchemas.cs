using System.Text.Json.Nodes;
using k8s.Models;

namespace Ops.Operator.Crds;

/// <summary>Schemas of the few Kubernetes types that our resources embed, with the limits that Kubernetes itself sets.</summary>
internal static class KnownSchemas
{
    /// <summary>The schema, or null for a type that is ours.</summary>
    public static JsonObject? Of(Type type)
    {
        if (type == typeof(V1Condition))
            return Condition();
        return type == typeof(V1EnvVar) ? EnvVar() : null;
    }

    // metav1.Condition, limits from its kubebuilder markers.
    private static JsonObject Condition() => JsonNode.Parse("""
        {
          "type": "object",
          "required": ["type", "status", "lastTransitionTime", "reason", "message"],
          "properties": {
            "type": {"description": "Name of the condition.", "type": "string", "maxLength": 316},
            "status": {"description": "True, False or Unknown.", "type": "string", "enum": ["True", "False", "Unknown"]},
            "observedGeneration": {"description": "The generation that the condition was made from.", "type": "integer", "format": "int64", "minimum": 0},
            "lastTransitionTime": {"description": "When the status changed last.", "type": "string", "format": "date-time"},
            "reason": {"description": "Why, as one CamelCase word.", "type": "string", "minLength": 1, "maxLength": 1024},
            "message": {"description": "Why, as a sentence.", "type": "string", "maxLength": 32768}
          }
        }
        """)!.AsObject();

    // core/v1 EnvVar with the sources that an engine has a use for.
    private static JsonObject EnvVar() => JsonNode.Parse("""
        {
          "type": "object",
          "required": ["name"],
          "properties": {
            "name": {"description": "Name of the variable.", "type": "string", "minLength": 1, "maxLength": 253},
            "value": {"description": "Its value; $(NAME) stands for a variable set before it.", "type": "string", "maxLength": 32768},
            "valueFrom": {
              "description": "Where the value comes from; give this or value.",
              "type": "object",
              "properties": {
                "configMapKeyRef": {
                  "description": "An entry of a ConfigMap in the pool's namespace.",
                  "type": "object",
                  "required": ["name", "key"],
                  "properties": {
                    "name": {"type": "string", "maxLength": 253},
                    "key": {"type": "string", "maxLength": 253},
                    "optional": {"type": "boolean"}
                  }
                },
                "secretKeyRef": {
                  "description": "An entry of a Secret in the pool's namespace.",
                  "type": "object",
                  "required": ["name", "key"],
                  "properties": {
                    "name": {"type": "string", "maxLength": 253},
                    "key": {"type": "string", "maxLength": 253},
                    "optional": {"type": "boolean"}
                  }
                },
                "fieldRef": {
                  "description": "A field of the pod.",
                  "type": "object",
                  "required": ["fieldPath"],
                  "properties": {
                    "apiVersion": {"type": "string", "maxLength": 63},
                    "fieldPath": {"type": "string", "maxLength": 253}
                  }
                }
              }
            }
          }
        }
        """)!.AsObject();
}
