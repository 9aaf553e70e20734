using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Sandbox.Objects;

namespace Ops.SandboxObjects.Tests;

public sealed class KindTests
{
    [Theory]
    [InlineData("", "v1", "Pod", "pods", "po", true)]
    [InlineData("", "v1", "Namespace", "namespaces", "ns", false)]
    [InlineData("apps", "v1", "Deployment", "deployments", "deploy", true)]
    [InlineData("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", null, true)]
    [InlineData("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", true)]
    [InlineData("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", "crd,crds", false)]
    [InlineData("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", null, false)]
    public void A_built_in_kind_is_known_by_its_names(string group, string version, string kind, string plural, string? shortName, bool namespaced)
    {
        var definition = BuiltInKinds.Find(group, version, kind).ShouldNotBeNull();
        definition.Plural.ShouldBe(plural);
        definition.Namespaced.ShouldBe(namespaced);
        string.Join(',', definition.ShortNames).ShouldBe(shortName ?? "");
        definition.IsCustom.ShouldBeFalse();
    }

    [Fact]
    public void Every_kind_writes_its_OpenAPI_once_and_completely()
    {
        var components = new JsonObject();
        foreach (var kind in BuiltInKinds.All)
            kind.Schema.ToOpenApi(components)["$ref"].ShouldNotBeNull(kind.ToString());
        var text = components.ToJsonString();
        foreach (var reference in text.Split("#/components/schemas/").Skip(1).Select(t => t[..t.IndexOf('"')]).Distinct())
            components.ContainsKey(reference).ShouldBeTrue(reference);
        components["io.k8s.api.v1.JSONSchemaProps"]!["properties"]!["not"]!["$ref"]!.GetValue<string>().ShouldEndWith("JSONSchemaProps");
        components["io.k8s.api.v1.PodSpec"]!["required"].ShouldBeJson("""["containers"]""");
        components["io.k8s.api.v1.ServicePort"]!["required"].ShouldBeJson("""["port"]""");
    }

    [Fact]
    public void Facts_about_model_types_name_only_members_that_exist()
    {
        // A misspelt fact would silently do nothing.
        var types = typeof(V1Pod).Assembly.GetTypes().Where(t => t.Namespace == "k8s.Models" && t.IsPublic).ToDictionary(t => t.Name, t => t);
        foreach (var path in ModelFacts.AllPaths.Concat(ModelDefaults.Of.Keys))
        {
            var (type, member) = (path.Split('.')[0], path.Split('.')[1]);
            types.ShouldContainKey(type);
            StructuralSchema.FromModelType(types[type]).Properties.ShouldContainKey(member, path);
        }
    }

    [Fact]
    public void A_custom_kind_is_read_from_its_definition_and_writes_the_same_schema()
    {
        var kind = Widgets.Kind;
        (kind.ApiVersion, kind.ListKind, kind.QualifiedResource).ShouldBe(("example.test/v1", "WidgetList", "widgets.example.test"));
        kind.Scale.ShouldBe(new ScalePaths(".spec.replicas", ".status.replicas", ".status.selector"));
        kind.SelectableFields.ShouldBe(["spec.mode"]);
        kind.GenerationRule.ShouldBe(GenerationRule.AllButMetadataAndStatus);
        var spec = Widgets.Crd()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!;
        StructuralSchema.Parse((JsonObject)spec).ToOpenApi()["properties"]!["mode"].ShouldBeJson(spec["properties"]!["mode"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"name":"x"}""", "metadata", "metadata.name", "must be spec.names.plural+\".\"+spec.group")]
    public void A_definition_with_a_wrong_name_is_refused(string metadata, string member, string field, string message)
    {
        var crd = Widgets.Crd();
        crd[member] = Json.Node(metadata);
        CrdValidation.Validate(crd).ShouldContain(c => c.Field == field && c.Message.Contains(message));
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", "properties[a].type", "must not be empty for specified object fields")]
    [InlineData("""{"properties":{}}""", "type", "must not be empty at the root")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"strin"}}}""", "properties[a].type", "Unsupported value: \"strin\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array"}}}""", "properties[a].items", "must be specified")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}""", "properties[a].pattern", "must be a valid regular expression")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"(?=x)"}}}""", "properties[a].pattern", "must be a valid regular expression")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}""", "properties[a].default", "must be of type integer")]
    [InlineData("""{"type":"object","x-kubernetes-validations":[{"rule":"self.a +"}]}""", "x-kubernetes-validations[0].rule", "compilation failed: ERROR: <input>:1:9")]
    [InlineData("""{"type":"object","x-kubernetes-validations":[{"rule":"frob(self)"}]}""", "x-kubernetes-validations[0].rule", "undeclared reference to 'frob'")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"integer"}}}},"x-kubernetes-validations":[{"rule":"self.a.c > 1"}]}""", "x-kubernetes-validations[0].rule", "undefined field 'c'")]
    [InlineData("""{"type":"object","properties":{"l":{"type":"array","items":{"type":"object","properties":{"b":{"type":"integer"}}}}},"x-kubernetes-validations":[{"rule":"self.l.all(x, has(x.c))"}]}""", "x-kubernetes-validations[0].rule", "undefined field 'c'")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"size('x')"}]}""", "x-kubernetes-validations[0].rule", "must evaluate to a bool")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object"}}}}""", "properties[a].x-kubernetes-list-map-keys", "must not be empty")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object"}},"additionalProperties":{"type":"string"}}""", "additionalProperties", "mutual exclusive")]
    [InlineData("""{"type":"object","allOf":[{"default":{}}]}""", "allOf[0].default", "must be undefined to be structural")]
    public void A_definition_whose_schema_is_not_structural_is_refused(string schema, string field, string message)
    {
        var crd = Widgets.Crd();
        crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"] = Json.Node(schema);
        CrdValidation.Validate(crd).ShouldContain(c => c.Field == "spec.versions[0].schema.openAPIV3Schema." + field && c.Message.Contains(message));
    }

    [Theory]
    [InlineData("self.metadata.name.size() < 10 && self.kind == 'X'")]
    [InlineData("self.l.all(x, x.b > 0) && self.l.filter(x, x.b > 0)[0].b > 1")]
    [InlineData("self.m.all(k, k.startsWith('a') && self.m[k] == 'x') && self.m.anything == 'y'")]
    [InlineData("self.free.any.thing == 1 && [1].all(self_, self_ == 1)")]
    [InlineData("self.l.exists(x, x.b == 1) ? has(self.m) : oldSelf.l[0].b == 2")]
    public void A_rule_that_fits_its_schema_is_accepted(string rule)
    {
        var crd = Widgets.Crd();
        crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"] = Json.Node("""
            {"type":"object","properties":{"l":{"type":"array","items":{"type":"object","properties":{"b":{"type":"integer"}}}},
             "m":{"type":"object","additionalProperties":{"type":"string"}},"free":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}
            """);
        crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["x-kubernetes-validations"] = new JsonArray(new JsonObject { ["rule"] = rule });
        CrdValidation.Validate(crd).ShouldBeEmpty();
    }

    [Fact]
    public void The_good_definition_passes_all_checks_of_its_kind()
    {
        var kind = BuiltInKinds.Find("apiextensions.k8s.io", "v1", "CustomResourceDefinition")!;
        var crd = Widgets.Crd();
        Validation.DecodingError(crd, kind).ShouldBeNull();
        Pruning.Prune(crd, kind).ShouldBeEmpty();
        Defaulting.Apply(crd, kind);
        Validation.Validate(crd, null, kind).ShouldBeEmpty();
        crd["spec"]!["conversion"].ShouldBeJson("""{"strategy":"None"}""");
    }

    [Fact]
    public void Generations_rise_by_what_their_rule_looks_at()
    {
        var old = Json.Object("""{"metadata":{"annotations":{}},"spec":{"a":1},"status":{"b":1},"data":1}""");
        JsonObject With(string member, string value)
        {
            var copy = (JsonObject)old.DeepClone();
            copy[member] = Json.Node(value);
            return copy;
        }

        var (labels, annotations, spec, status) = (With("metadata", """{"annotations":{},"labels":{"a":"b"}}"""), With("metadata", """{"annotations":{"a":"b"}}"""), With("spec", """{"a":2}"""), With("status", "{}"));
        GenerationRule.Spec.RaisesGeneration(old, spec).ShouldBeTrue();
        GenerationRule.Spec.RaisesGeneration(old, annotations).ShouldBeFalse();
        GenerationRule.SpecAndAnnotations.RaisesGeneration(old, annotations).ShouldBeTrue();
        GenerationRule.SpecAndAnnotations.RaisesGeneration(old, labels).ShouldBeFalse();
        GenerationRule.AllButMetadataAndStatus.RaisesGeneration(old, status).ShouldBeFalse();
        GenerationRule.AllButMetadataAndStatus.RaisesGeneration(old, With("data", "2")).ShouldBeTrue();
        GenerationRule.AllButMetadata.RaisesGeneration(old, status).ShouldBeTrue();
        GenerationRule.None.RaisesGeneration(old, spec).ShouldBeFalse();
    }
}
