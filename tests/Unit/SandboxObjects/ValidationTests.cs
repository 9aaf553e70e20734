using System.Text.Json.Nodes;
using Ops.Sandbox.Objects;

namespace Ops.SandboxObjects.Tests;

public sealed class ValidationTests
{
    [Fact]
    public void A_good_widget_has_no_causes() =>
        Check("""{"replicas":3,"maxReplicas":5,"image":"x:1","mode":"Slow","ports":[{"name":"a","port":1},{"name":"b"}],"tags":["a","b"],"port":"http","ratio":1,"free":{"x":[1,{}]}}""").ShouldBeEmpty();

    [Theory]
    [InlineData("""{}""", "FieldValueRequired", "Required value", "spec.replicas")]
    [InlineData("""{"replicas":22}""", "FieldValueInvalid", "Invalid value: 22: spec.replicas in body should be less than or equal to 10", "spec.replicas")]
    [InlineData("""{"replicas":-1}""", "FieldValueInvalid", "Invalid value: -1: spec.replicas in body should be greater than or equal to 0", "spec.replicas")]
    [InlineData("""{"replicas":"three"}""", "FieldValueTypeInvalid", "Invalid value: \"string\": spec.replicas in body must be of type integer: \"string\"", "spec.replicas")]
    [InlineData("""{"replicas":1.5}""", "FieldValueTypeInvalid", "Invalid value: \"number\": spec.replicas in body must be of type integer: \"number\"", "spec.replicas")]
    [InlineData("""{"replicas":1,"image":"UPPER"}""", "FieldValueInvalid", "Invalid value: \"UPPER\": spec.image in body should match '^[a-z0-9:.]+$'", "spec.image")]
    [InlineData("""{"replicas":1,"image":"x:1\n"}""", "FieldValueInvalid", "Invalid value: \"x:1\\n\": spec.image in body should match '^[a-z0-9:.]+$'", "spec.image")]
    [InlineData("""{"replicas":1,"image":"aaaaaaaaaaaaaaaaaaaaaaaaa"}""", "FieldValueTooLong", "Too long: may not be more than 20 bytes", "spec.image")]
    [InlineData("""{"replicas":1,"mode":"Zzz"}""", "FieldValueNotSupported", "Unsupported value: \"Zzz\": supported values: \"Fast\", \"Slow\"", "spec.mode")]
    [InlineData("""{"replicas":1,"ports":[{"port":1}]}""", "FieldValueRequired", "Required value", "spec.ports[0].name")]
    [InlineData("""{"replicas":1,"ports":[{"name":"a"},{"name":"a"}]}""", "FieldValueDuplicate", "Duplicate value: {\"name\":\"a\"}", "spec.ports[1]")]
    [InlineData("""{"replicas":1,"tags":["a","b","a"]}""", "FieldValueDuplicate", "Duplicate value: \"a\"", "spec.tags[2]")]
    [InlineData("""{"replicas":1,"port":[]}""", "FieldValueTypeInvalid", "Invalid value: \"array\": spec.port in body must be of type integer,string: \"array\"", "spec.port")]
    [InlineData("""{"replicas":6,"maxReplicas":5}""", "FieldValueInvalid", "Invalid value: replicas must not exceed maxReplicas", "spec")]
    public void A_bad_field_gets_the_servers_own_sentence(string spec, string reason, string message, string field) =>
        Check(spec).ShouldContain(new FieldCause(reason, message, field));

    [Fact]
    public void Rules_run_beside_a_bad_maximum_but_not_beside_a_missing_field()
    {
        Check("""{"replicas":22,"maxReplicas":5}""").Select(c => c.Field).ShouldBe(["spec.replicas", "spec"], ignoreOrder: true);
        var causes = Check("""{"maxReplicas":5}""");
        causes.Select(c => c.Field).ShouldBe(["spec.replicas", "<nil>"]);
        causes[1].Message.ShouldContain("some validation rules were not checked because the object was invalid; correct the existing errors to complete validation");
    }

    [Fact]
    public void A_transition_rule_compares_with_the_stored_object()
    {
        var old = Widgets.Of("""{"replicas":1,"mode":"Fast"}""");
        Check("""{"replicas":1,"mode":"Slow"}""", old).ShouldBe([new FieldCause("FieldValueForbidden", "Forbidden: mode is immutable", "spec.mode")]);
        Check("""{"replicas":2,"mode":"Fast"}""", old).ShouldBeEmpty();
        Check("""{"replicas":1,"mode":"Slow"}""").ShouldBeEmpty();
    }

    [Fact]
    public void Transition_rules_follow_elements_of_list_maps_by_key_and_skip_other_lists()
    {
        var crd = Widgets.Crd();
        var spec = crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!;
        spec["properties"]!["ports"]!["items"]!["x-kubernetes-validations"] = Json.Node("""[{"rule":"self.port >= oldSelf.port","messageExpression":"'port of ' + self.name + ' must not sink'"}]""");
        var kind = KindDefinition.FromCrd(crd).Single();
        var old = Widgets.Of("""{"replicas":1,"ports":[{"name":"a","port":5},{"name":"b","port":7}]}""");
        var updated = Widgets.Of("""{"replicas":1,"ports":[{"name":"b","port":6},{"name":"c","port":1},{"name":"a","port":5}]}""");
        Validation.Validate(updated, old, kind).ShouldBe([new FieldCause("FieldValueInvalid", "Invalid value: port of b must not sink", "spec.ports[0]")]);
    }

    [Fact]
    public void A_costly_rule_fails_instead_of_hanging()
    {
        var crd = Widgets.Crd();
        crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["x-kubernetes-validations"] =
            Json.Node("""[{"rule":"self.args.all(a, self.args.all(b, self.args.all(c, a + b != c + 'x')))"}]""");
        var obj = Widgets.Of("""{"replicas":1}""");
        obj["spec"]!["args"] = new JsonArray([.. Enumerable.Range(0, 300).Select(i => (JsonNode)$"{i}")]);
        Validation.Validate(obj, null, KindDefinition.FromCrd(crd).Single()).Single().Message.ShouldContain("cost exceeds limit");
    }

    [Theory]
    [InlineData("""{"metadata":{}}""", "metadata.name", "Required value: name or generateName is required")]
    [InlineData("""{"metadata":{"name":"Up"}}""", "metadata.name", "a lowercase RFC 1123 subdomain must consist of")]
    [InlineData("""{"metadata":{"name":"a","namespace":"Bad_Ns"}}""", "metadata.namespace", "a lowercase RFC 1123 label must consist of")]
    [InlineData("""{"metadata":{"name":"a","labels":{"bad key":"x"}}}""", "metadata.labels", "name part must consist of alphanumeric")]
    [InlineData("""{"metadata":{"name":"a","labels":{"k":"-x"}}}""", "metadata.labels", "a valid label must be an empty string or consist of")]
    [InlineData("""{"metadata":{"name":"a","ownerReferences":[{"apiVersion":"v1","kind":"A","name":"a","uid":"1","controller":true},{"apiVersion":"v1","kind":"B","name":"b","uid":"2","controller":true}]}}""",
        "metadata.ownerReferences", "Only one reference can have Controller set to true")]
    [InlineData("""{"metadata":{"name":"a","finalizers":["no/such/thing"]}}""", "metadata.finalizers", "a qualified name must consist of")]
    public void Metadata_is_judged_for_every_kind(string text, string field, string message)
    {
        var causes = Validation.Validate(Json.Object(text), null, BuiltInKinds.Find("", "v1", "ConfigMap")!);
        causes.Single().Field.ShouldBe(field);
        causes.Single().Message.ShouldContain(message);
    }

    [Fact]
    public void A_deleting_object_takes_no_new_finalizer()
    {
        var old = Json.Object("""{"metadata":{"name":"a","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["x.io/a"]}}""");
        var updated = Json.Object("""{"metadata":{"name":"a","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["x.io/a","x.io/b"]}}""");
        Validation.Validate(updated, old, BuiltInKinds.Find("", "v1", "ConfigMap")!).Single().ToString()
            .ShouldBe("metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"x.io/b\"}");
    }

    [Theory]
    [InlineData("""{"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"y"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}""",
        "spec.template.metadata.labels", "`selector` does not match template `labels`")]
    [InlineData("""{"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c"}]}}}""",
        "spec.template.spec.containers[0].image", "Required value")]
    [InlineData("""{"replicas":-1,"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}""",
        "spec.replicas", "must be greater than or equal to 0")]
    [InlineData("""{"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}""",
        "spec.template.spec.restartPolicy", "Unsupported value: \"Never\": supported values: \"Always\"")]
    [InlineData("""{"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i","volumeMounts":[{"name":"v","mountPath":"/v"}]}]}}}""",
        "spec.template.spec.containers[0].volumeMounts[0].name", "Not found: \"v\"")]
    [InlineData("""{"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":99999}]}]}}}""",
        "spec.template.spec.containers[0].ports[0].containerPort", "must be between 1 and 65535, inclusive")]
    [InlineData("""{"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}""", "spec.selector", "Required value")]
    public void A_bad_deployment_is_refused_by_field(string spec, string field, string message)
    {
        var kind = BuiltInKinds.Find("apps", "v1", "Deployment")!;
        var obj = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "web" }, ["spec"] = Json.Node(spec) };
        Defaulting.Apply(obj, kind);
        Validation.Validate(obj, null, kind).ShouldContain(c => c.Field == field && c.Message.Contains(message));
    }

    [Fact]
    public void A_stateful_set_mounts_the_claims_of_its_templates_and_nothing_else()
    {
        const string Spec = """{"selector":{"matchLabels":{"app":"x"}},"volumeClaimTemplates":[{"metadata":{"name":"data"}}],"template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i","volumeMounts":[{"name":"data","mountPath":"/d"},{"name":"other","mountPath":"/o"}]}]}}}""";
        var kind = BuiltInKinds.Find("apps", "v1", "StatefulSet")!;
        var obj = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "db" }, ["spec"] = Json.Node(Spec) };
        Defaulting.Apply(obj, kind);
        Validation.Validate(obj, null, kind).Select(cause => cause.Field).ShouldBe(["spec.template.spec.containers[0].volumeMounts[1].name"]);
    }

    [Theory]
    [InlineData("ConfigMap", """{"data":{"a":1}}""", "json: cannot unmarshal number into Go struct field ConfigMap.data of type string")]
    [InlineData("Pod", """{"spec":{"containers":{}}}""", "json: cannot unmarshal object into Go struct field Pod.spec.containers of type []v1.Container")]
    [InlineData("Pod", """{"spec":{"hostNetwork":"yes"}}""", "json: cannot unmarshal string into Go struct field Pod.spec.hostNetwork of type bool")]
    [InlineData("Secret", """{"data":{"a":"not base64!"}}""", "illegal base64 data at input byte")]
    [InlineData("Pod", """{"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"lots"}}}]}}""", "quantities must match the regular expression")]
    public void A_built_in_object_of_the_wrong_shape_does_not_decode(string kind, string text, string message) =>
        Validation.DecodingError(Json.Object(text), BuiltInKinds.Find("", "v1", kind)!).ShouldNotBeNull().ShouldContain(message);

    [Fact]
    public void A_lease_needs_six_fraction_digits()
    {
        var lease = BuiltInKinds.Find("coordination.k8s.io", "v1", "Lease")!;
        Validation.DecodingError(Json.Object("""{"spec":{"renewTime":"2026-01-01T00:00:00Z"}}"""), lease).ShouldNotBeNull().ShouldContain("2006-01-02T15:04:05.000000Z07:00");
        Validation.DecodingError(Json.Object("""{"spec":{"renewTime":"2026-01-01T00:00:00.123456Z"}}"""), lease).ShouldBeNull();
    }

    private static IReadOnlyList<FieldCause> Check(string spec, JsonObject? old = null) => Validation.Validate(Widgets.Of(spec), old, Widgets.Kind);
}
