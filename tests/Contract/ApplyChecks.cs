using System.Text.Json.Nodes;

namespace Ops.Contract.Tests;

/// <summary>Checks 53 to 56.</summary>
public abstract class ApplyChecks(IServer server) : ContractTest(server)
{
    [Fact]
    public async Task The_same_apply_twice_creates_once_and_changes_nothing()
    {
        var first = (await Apply("""{"replicas":1}""", "op")).Expect(201);
        var second = (await Apply("""{"replicas":1}""", "op")).Expect(200);
        Rv(second).ShouldBe(Rv(first));
        var entry = Managers(second).ShouldHaveSingleItem();
        (entry["manager"]!.ToString(), entry["operation"]!.ToString()).ShouldBe(("op", "Apply"));
        SameJson(entry["fieldsV1"], """{"f:spec":{"f:replicas":{}}}""");
    }

    [Fact]
    public async Task Two_managers_conflict_by_path_until_one_forces()
    {
        (await Apply("""{"replicas":1,"ports":[{"name":"a","port":1}]}""", "op")).Expect(201);
        var conflict = (await Apply("""{"replicas":2,"ports":[{"name":"a","port":2}]}""", "other")).Expect(409, "Conflict");
        conflict.Causes.Select(c => $"{c["reason"]} {c["field"]} {c["message"]}").Order().ShouldBe(
        [
            "FieldManagerConflict .spec.ports[name=\"a\"].port conflict with \"op\"",
            "FieldManagerConflict .spec.replicas conflict with \"op\"",
        ]);
        conflict.TextAt("message").ShouldNotBeNull().ShouldStartWith("Apply failed with 2 conflicts: conflicts with \"op\":\n- .spec.");
        (await Apply("""{"replicas":2}""", "other")).Expect(409).TextAt("message").ShouldBe("Apply failed with 1 conflict: conflict with \"op\": .spec.replicas");
        (await Apply("""{"replicas":2}""", "other", "&force=true")).Expect(200).TextAt("spec.replicas").ShouldBe("2");
        // The loser applies again and now meets the winner.
        (await Apply("""{"replicas":1}""", "op")).Expect(409).TextAt("message").ShouldBe("Apply failed with 1 conflict: conflict with \"other\": .spec.replicas");
    }

    [Fact]
    public async Task The_same_value_is_owned_by_both()
    {
        (await Apply("""{"replicas":1}""", "op")).Expect(201);
        Managers((await Apply("""{"replicas":1}""", "other")).Expect(200)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_dropped_field_goes_or_returns_to_its_default()
    {
        (await Apply("""{"replicas":1,"image":"x","mode":"Fast","labels":{"a":"1","b":"2"},"ports":[{"name":"a"},{"name":"b"}]}""", "op")).Expect(201);
        SameJson((await Apply("""{"replicas":1,"labels":{"b":"2"},"ports":[{"name":"b"}]}""", "op")).Expect(200).At("spec"),
            """{"replicas":1,"mode":"Fast","labels":{"b":"2"},"ports":[{"name":"b"}]}""");
    }

    [Fact]
    public async Task A_dropped_field_of_a_co_owner_stays()
    {
        (await Apply("""{"replicas":1,"image":"x"}""", "op")).Expect(201);
        (await Apply("""{"replicas":1,"image":"x"}""", "other")).Expect(200);
        (await Apply("""{"replicas":1}""", "op")).Expect(200).TextAt("spec.image").ShouldBe("x");
    }

    [Fact]
    public async Task An_updater_conflicts_with_its_version()
    {
        (await Apply("""{"replicas":1}""", "op")).Expect(201);
        (await Api.Patch(WidgetsPath + "/a1?fieldManager=upd", """{"spec":{"replicas":3}}""")).Expect(200);
        (await Apply("""{"replicas":1}""", "op")).Expect(409).TextAt("message").ShouldBe("Apply failed with 1 conflict: conflict with \"upd\" using example.test/v1: .spec.replicas");
    }

    [Fact]
    public async Task An_apply_without_manager_or_with_managed_fields_is_refused()
    {
        (await Api.Patch(WidgetsPath + "/a1", Widget("a1"), Api.Apply)).Expect(422, "Invalid").ExpectCause("fieldManager", "FieldValueRequired", "is required for apply patch");
        await Create(Widget("w1"));
        (await Api.Patch(WidgetsPath + "/w1?force=true", "{}")).Expect(422, "Invalid").ExpectCause("force", "FieldValueForbidden", "may not be specified for non-apply patch");
        var managed = Widget("a1", metadata: "\"managedFields\":[{\"manager\":\"x\",\"operation\":\"Apply\",\"apiVersion\":\"example.test/v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{}}]");
        (await Api.Patch(WidgetsPath + "/a1?fieldManager=op", managed, Api.Apply)).Expect(400, "BadRequest").TextAt("message").ShouldBe("metadata.managedFields must be nil");
    }

    [Fact]
    public async Task A_status_apply_is_its_own_entry()
    {
        (await Apply("""{"replicas":1}""", "op")).Expect(201);
        var body = """{"apiVersion":"example.test/v1","kind":"Widget","metadata":{"name":"a1"},"status":{"phase":"Up"}}""";
        var reply = (await Api.Patch(WidgetsPath + "/a1/status?fieldManager=op", body, Api.Apply)).Expect(200);
        (reply.TextAt("status.phase"), reply.TextAt("spec.replicas")).ShouldBe(("Up", "1"));
        Needs(22, "The subresource of an entry");
        Managers(reply).Select(e => e["subresource"]?.ToString() ?? "").Order().ShouldBe(["", "status"]);
    }

    [Fact]
    public async Task A_deployment_is_owned_by_container_and_port()
    {
        var body = Deployment("web", 0).Replace("\"image\"", "\"ports\":[{\"containerPort\":80}],\"image\"");
        (await Api.Patch(Deployments + "/web?fieldManager=op", body, Api.Apply)).Expect(201);
        var again = (await Api.Patch(Deployments + "/web?fieldManager=op", body, Api.Apply)).Expect(200);
        var fields = Managers(again).Single(e => e["manager"]!.ToString() == "op")["fieldsV1"]!["f:spec"]!["f:template"]!["f:spec"]!["f:containers"]!["k:{\"name\":\"c\"}"]!;
        SameJson(fields, """{".":{},"f:name":{},"f:image":{},"f:args":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}""");
        (await Api.Patch(Deployments + "/web?fieldManager=other", Deployment("web", 0, "shell:2"), Api.Apply)).Expect(409).Text
            .ShouldContain(".spec.template.spec.containers[name=\\\"c\\\"].image");
    }

    private Task<Reply> Apply(string spec, string manager, string query = "") =>
        Api.Patch($"{WidgetsPath}/a1?fieldManager={manager}{query}", Widget("a1", spec), Api.Apply);

    private static IReadOnlyList<JsonNode> Managers(Reply reply) => [.. reply.At("metadata.managedFields")!.AsArray().OfType<JsonNode>()];
}

public sealed class ApplyOnSandbox(SandboxServer server) : ApplyChecks(server);

public sealed class ApplyOnRealServer(RealServer server) : ApplyChecks(server);
