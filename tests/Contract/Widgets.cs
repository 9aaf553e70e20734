namespace Ops.Contract.Tests;

/// <summary>The custom kind that the checks use.</summary>
internal static class Widgets
{
    public static string Crd(string plural, string kind, string shortName) => $$$$$$$$$$$$"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"{{{{{{{{{{{{plural}}}}}}}}}}}}.example.test"},
         "spec":{"group":"example.test","scope":"Namespaced","names":{"plural":"{{{{{{{{{{{{plural}}}}}}}}}}}}","kind":"{{{{{{{{{{{{kind}}}}}}}}}}}}","shortNames":["{{{{{{{{{{{{shortName}}}}}}}}}}}}"],"categories":["all"]},
          "versions":[{"name":"v1","served":true,"storage":true,
           "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"}},
           "selectableFields":[{"jsonPath":".spec.mode"}],
           "additionalPrinterColumns":[{"name":"Replicas","type":"integer","jsonPath":".spec.replicas"},{"name":"Image","type":"string","priority":1,"jsonPath":".spec.image"},{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}],
           "schema":{"openAPIV3Schema":{"type":"object","description":"A widget of the contract checks.","required":["spec"],"properties":{
            "spec":{"type":"object","required":["replicas"],
             "x-kubernetes-validations":[
              {"rule":"!has(self.maxReplicas) || self.replicas <= self.maxReplicas","message":"replicas must not exceed maxReplicas"},
              {"rule":"self.mode == oldSelf.mode","message":"mode is immutable","reason":"FieldValueForbidden","fieldPath":".mode"}],
             "properties":{
              "replicas":{"type":"integer","format":"int32","minimum":0,"maximum":10,"description":"How many."},
              "maxReplicas":{"type":"integer"},
              "image":{"type":"string","pattern":"^[a-z0-9:.]+$","maxLength":20},
              "mode":{"type":"string","enum":["Fast","Slow"],"default":"Fast"},
              "labels":{"type":"object","additionalProperties":{"type":"string"}},
              "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],
               "properties":{"name":{"type":"string"},"port":{"type":"integer"}}}}}},
            "status":{"type":"object","properties":{"replicas":{"type":"integer"},"selector":{"type":"string"},"phase":{"type":"string"},
             "conditions":{"type":"array","items":{"type":"object","properties":{"type":{"type":"string"},"status":{"type":"string"}}}}}}}}}}]}}
        """;

    public static async Task InstallAsync(Api api)
    {
        (await api.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Crd("widgets", "Widget", "wd"))).Expect(201);
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if ((await api.Get("/apis/example.test/v1/widgets")).Code == 200)
                return;
            await Task.Delay(100, CancellationToken.None);
        }

        throw new TimeoutException("the custom kind was not served within 10 s");
    }
}
