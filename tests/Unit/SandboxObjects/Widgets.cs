using System.Text.Json.Nodes;
using Ops.Sandbox.Objects;

namespace Ops.SandboxObjects.Tests;

/// <summary>The custom kind that the wire notes use: defaults, enum, pattern, list-map, set, CEL rules, status and scale.</summary>
internal static class Widgets
{
    public static JsonObject Crd() => Json.Object("""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.test"},
         "spec":{"group":"example.test","scope":"Namespaced",
          "names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList","shortNames":["wd"],"categories":["all"]},
          "versions":[{"name":"v1","served":true,"storage":true,
           "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"}},
           "selectableFields":[{"jsonPath":".spec.mode"}],
           "additionalPrinterColumns":[{"name":"Replicas","type":"integer","jsonPath":".spec.replicas"},{"name":"Image","type":"string","jsonPath":".spec.image","priority":1}],
           "schema":{"openAPIV3Schema":{"type":"object","required":["spec"],"properties":{
            "spec":{"type":"object","required":["replicas"],
             "x-kubernetes-validations":[
              {"rule":"!has(self.maxReplicas) || self.replicas <= self.maxReplicas","message":"replicas must not exceed maxReplicas"},
              {"rule":"!has(oldSelf.mode) || self.mode == oldSelf.mode","message":"mode is immutable","reason":"FieldValueForbidden","fieldPath":".mode"}],
             "properties":{
              "replicas":{"type":"integer","format":"int32","minimum":0,"maximum":10},
              "maxReplicas":{"type":"integer"},
              "ratio":{"type":"number"},
              "image":{"type":"string","pattern":"^[a-z0-9:.]+$","maxLength":20},
              "mode":{"type":"string","enum":["Fast","Slow"],"default":"Fast"},
              "paused":{"type":"boolean","nullable":true},
              "nested":{"type":"object","properties":{"level":{"type":"integer","default":3}}},
              "labels":{"type":"object","additionalProperties":{"type":"string"}},
              "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
              "port":{"x-kubernetes-int-or-string":true},
              "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
              "args":{"type":"array","items":{"type":"string"}},
              "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],
               "properties":{"name":{"type":"string"},"port":{"type":"integer"},"protocol":{"type":"string","default":"TCP"}}}}}},
            "status":{"type":"object","properties":{"replicas":{"type":"integer"},"selector":{"type":"string"},"phase":{"type":"string"}}}}}}}]}}
        """);

    public static KindDefinition Kind { get; } = KindDefinition.FromCrd(Crd()).Single();

    public static JsonObject Of(string spec, string name = "w1") => new()
    {
        ["apiVersion"] = "example.test/v1",
        ["kind"] = "Widget",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
        ["spec"] = Json.Node(spec),
    };
}
