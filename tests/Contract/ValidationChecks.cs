namespace Ops.Contract.Tests;

/// <summary>Checks 28 to 34.</summary>
public abstract class ValidationChecks(IServer server) : ContractTest(server)
{
    [Theory]
    [InlineData("""{"replicas":1}""")]
    [InlineData("""{"replicas":1,"mode":null}""")]
    public async Task An_omitted_or_null_field_takes_its_default(string spec) => (await Create(Widget("w1", spec))).TextAt("spec.mode").ShouldBe("Fast");

    [Fact]
    public async Task An_unknown_field_is_pruned_with_a_warning()
    {
        var reply = await Create(Widget("w1", """{"replicas":1,"bogus":1}"""));
        reply.At("spec.bogus").ShouldBeNull();
        Needs(25, "Warnings of field validation");
        reply.Warnings.ShouldHaveSingleItem().ShouldBe("299 - \"unknown field \\\"spec.bogus\\\"\"");
    }

    [Fact]
    public async Task Strict_validation_names_unknown_and_duplicate_fields_and_Ignore_says_nothing()
    {
        Needs(25, "Field validation");
        var body = Widget("w1", """{"replicas":1,"replicas":2,"bogus":1}""");
        var message = (await Api.Post(WidgetsPath + "?fieldValidation=Strict", body)).Expect(400, "BadRequest").TextAt("message")!;
        message.ShouldContain("Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: ");
        message.ShouldContain("duplicate field \"spec.replicas\"");
        message.ShouldContain("unknown field \"spec.bogus\"");
        (await Api.Post(WidgetsPath + "?fieldValidation=Ignore", body)).Expect(201).Warnings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_violation_of_the_schema_is_a_cause()
    {
        var reply = (await Api.Post(WidgetsPath, Widget("w1", """{"mode":"Zzz","ports":[{"port":1}]}"""))).Expect(422, "Invalid");
        reply.ExpectCause("spec.replicas", "FieldValueRequired", "Required value");
        reply.ExpectCause("spec.mode", "FieldValueNotSupported", "supported values: \"Fast\", \"Slow\"");
        (await Api.Post(WidgetsPath, Widget("w1", """{"replicas":22}"""))).Expect(422, "Invalid")
            .ExpectCause("spec.replicas", "FieldValueInvalid", "spec.replicas in body should be less than or equal to 10");
        Needs(25, "The list index in paths");
        reply.ExpectCause("spec.ports[0].name", "FieldValueRequired", "Required value");
    }

    [Fact]
    public async Task Type_pattern_and_length_are_told_in_the_servers_words()
    {
        Needs(25, "FieldValueTypeInvalid");
        (await Api.Post(WidgetsPath, Widget("w1", """{"replicas":"three"}"""))).Expect(422, "Invalid")
            .ExpectCause("spec.replicas", "FieldValueTypeInvalid", "spec.replicas in body must be of type integer: \"string\"");
        (await Api.Post(WidgetsPath, Widget("w1", """{"replicas":1,"image":"UPPER"}"""))).Expect(422, "Invalid")
            .ExpectCause("spec.image", "FieldValueInvalid", "Invalid value: \"UPPER\": spec.image in body should match '^[a-z0-9:.]+$'");
        (await Api.Post(WidgetsPath, Widget("w1", """{"replicas":1,"image":"aaaaaaaaaaaaaaaaaaaaaaaaa"}"""))).Expect(422, "Invalid")
            .ExpectCause("spec.image", "FieldValueTooLong", "Too long: may not be more than 20 bytes");
    }

    [Fact]
    public async Task A_failing_rule_is_told_with_its_message_and_path()
    {
        Needs(25, "CEL");
        var reply = (await Api.Post(WidgetsPath, Widget("w1", """{"replicas":6,"maxReplicas":5}"""))).Expect(422, "Invalid");
        reply.ExpectCause("spec", "FieldValueInvalid", "replicas must not exceed maxReplicas");
        reply.TextAt("message").ShouldBe("Widget.example.test \"w1\" is invalid: spec: Invalid value: replicas must not exceed maxReplicas");
    }

    [Fact]
    public async Task Rules_are_not_run_on_an_object_that_lacks_what_they_need()
    {
        Needs(25, "CEL");
        (await Api.Post(WidgetsPath, Widget("w1", """{"maxReplicas":5}"""))).Expect(422, "Invalid")
            .ExpectCause("<nil>", "FieldValueInvalid", "some validation rules were not checked because the object was invalid");
    }

    [Fact]
    public async Task A_transition_rule_guards_its_field()
    {
        Needs(25, "CEL");
        await Create(Widget("w1"));
        (await Api.Patch(WidgetsPath + "/w1", """{"spec":{"mode":"Slow"}}""")).Expect(422, "Invalid").ExpectCause("spec.mode", "FieldValueForbidden", "Forbidden: mode is immutable");
    }

    [Fact]
    public async Task Duplicate_keys_of_a_list_map_are_told() =>
        (await Api.Post(WidgetsPath, Widget("w1", """{"replicas":1,"ports":[{"name":"a"},{"name":"a"}]}"""))).Expect(422, "Invalid")
            .ExpectCause("spec.ports[1]", "FieldValueDuplicate", "{\"name\":\"a\"}");

    [Theory]
    [InlineData("""{"data":{"a":1}}""", "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string")]
    public async Task A_built_in_object_of_the_wrong_type_does_not_decode(string members, string message)
    {
        var reply = (await Api.Post(Core + "/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},""" + members[1..])).Expect(400, "BadRequest");
        Needs(22, "This wording");
        reply.TextAt("message").ShouldBe(message);
    }

    [Fact]
    public async Task A_deployment_with_a_selector_that_misses_its_template_is_Invalid() =>
        (await Api.Post(Deployments, Deployment("web").Replace("\"labels\":{\"app\":\"web\"}", "\"labels\":{\"app\":\"other\"}"))).Expect(422, "Invalid")
            .ExpectCause("spec.template.metadata.labels", "FieldValueInvalid", "`selector` does not match template `labels`");

    [Fact]
    public async Task Defaults_of_built_in_kinds_are_the_servers()
    {
        var web = (await Api.Post(Deployments, Deployment("web", 0))).Expect(201);
        SameJson(web.At("spec.strategy"), """{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}""");
        SameJson(web.At("spec.template.spec"), """
            {"containers":[{"name":"c","image":"shell:1","args":["-c","while :; do sleep 1; done"],"resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],
             "restartPolicy":"Always","terminationGracePeriodSeconds":0,"dnsPolicy":"ClusterFirst","securityContext":{},"schedulerName":"default-scheduler"}
            """);
        var secret = (await Api.Post(Core + "/secrets", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"k":"v"}}""")).Expect(201);
        (secret.TextAt("data.k"), secret.TextAt("type"), secret.At("stringData")).ShouldBe(("dg==", "Opaque", null));
        var service = (await Api.Post(Core + "/services", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}}""")).Expect(201);
        SameJson(service.At("spec.ports"), """[{"protocol":"TCP","port":80,"targetPort":80}]""");
        service.TextAt("spec.clusterIP").ShouldNotBeNullOrEmpty();
        (service.TextAt("spec.type"), service.TextAt("spec.sessionAffinity")).ShouldBe(("ClusterIP", "None"));
    }
}

public sealed class ValidationOnSandbox(SandboxServer server) : ValidationChecks(server);

public sealed class ValidationOnRealServer(RealServer server) : ValidationChecks(server);
