using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Ops.SandboxApi.Tests;

public sealed class WriteTests : ApiTest
{
    private const string Merge = "application/merge-patch+json";

    private const string Apply = "application/apply-patch+yaml";

    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments";

    [Fact]
    public async Task A_new_object_gets_the_servers_metadata()
    {
        await CreateWidgetKindAsync();
        var created = await ExpectAsync(201, "POST", Widgets, Widget("w"));
        var metadata = created["metadata"]!;
        metadata["uid"]!.GetValue<string>().Length.ShouldBe(36);
        metadata["generation"]!.GetValue<int>().ShouldBe(1);
        metadata["creationTimestamp"]!.GetValue<string>().ShouldEndWith("Z");
        created["spec"]!["mode"]!.GetValue<string>().ShouldBe("Fast");
        var again = await ExpectAsync(409, "POST", Widgets, Widget("w"));
        again["message"]!.GetValue<string>().ShouldBe("widgets.example.test \"w\" already exists");
        again["reason"]!.GetValue<string>().ShouldBe("AlreadyExists");
    }

    [Fact]
    public async Task Generated_names_differ_and_keep_their_prefix()
    {
        var body = new JsonObject { ["metadata"] = new JsonObject { ["generateName"] = "gn-" } };
        var first = Name(await ExpectAsync(201, "POST", ConfigMaps, body.DeepClone()));
        var second = Name(await ExpectAsync(201, "POST", ConfigMaps, body));
        first.ShouldMatch("^gn-[a-z0-9]{5}$");
        second.ShouldNotBe(first);
        var nameless = await ExpectAsync(422, "POST", ConfigMaps, new JsonObject());
        nameless["details"]!["causes"]![0]!["field"]!.GetValue<string>().ShouldBe("metadata.name");
    }

    [Fact]
    public async Task A_stale_revision_is_a_conflict_in_put_and_patch()
    {
        var first = await CreateConfigMapAsync("a");
        await ExpectAsync(200, "PATCH", $"{ConfigMaps}/a", Data("2"), Merge);
        first["data"]!["a"] = "3";
        var conflict = await ExpectAsync(409, "PUT", $"{ConfigMaps}/a", first);
        conflict["message"]!.GetValue<string>().ShouldBe(
            "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again");
        var patch = Data("3");
        patch["metadata"] = new JsonObject { ["resourceVersion"] = Revision(first) };
        await ExpectAsync(409, "PATCH", $"{ConfigMaps}/a", patch, Merge);
        await ExpectAsync(200, "PUT", $"{ConfigMaps}/a", ConfigMap("a"));
    }

    [Fact]
    public async Task A_custom_object_is_replaced_only_with_its_revision()
    {
        await CreateWidgetKindAsync();
        await ExpectAsync(201, "POST", Widgets, Widget("w"));
        var status = await ExpectAsync(422, "PUT", $"{Widgets}/w", Widget("w", 2));
        status["details"]!["causes"]![0]!["field"]!.GetValue<string>().ShouldBe("metadata.resourceVersion");
    }

    [Fact]
    public async Task Body_and_url_must_agree()
    {
        await CreateConfigMapAsync("a");
        var name = await ExpectAsync(400, "PUT", $"{ConfigMaps}/a", ConfigMap("b"));
        name["message"]!.GetValue<string>().ShouldBe("the name of the object (b) does not match the name on the URL (a)");
        var other = ConfigMap("c");
        other["metadata"]!["namespace"] = "kube-system";
        await ExpectAsync(400, "POST", ConfigMaps, other);
        var wrong = ConfigMap("c");
        wrong["apiVersion"] = "v2";
        await ExpectAsync(400, "POST", ConfigMaps, wrong);
    }

    [Fact]
    public async Task Status_and_spec_are_written_through_their_own_urls_only()
    {
        await CreateWidgetKindAsync();
        var withStatus = Widget("w");
        withStatus["status"] = new JsonObject { ["replicas"] = 7 };
        (await ExpectAsync(201, "POST", Widgets, withStatus))["status"].ShouldBeNull();
        await ExpectAsync(200, "PATCH", $"{Widgets}/w", new JsonObject { ["status"] = new JsonObject { ["replicas"] = 7 } }, Merge);
        (await ExpectAsync(200, "GET", $"{Widgets}/w"))["status"].ShouldBeNull();
        var changed = await ExpectAsync(
            200,
            "PATCH",
            $"{Widgets}/w/status",
            new JsonObject
            {
                ["status"] = new JsonObject { ["replicas"] = 7 },
                ["spec"] = new JsonObject { ["replicas"] = 9 },
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["a"] = "b" } },
            },
            Merge);
        changed["status"]!["replicas"]!.GetValue<int>().ShouldBe(7);
        changed["spec"]!["replicas"]!.GetValue<int>().ShouldBe(1);
        changed["metadata"]!["labels"].ShouldBeNull();
        changed["metadata"]!["generation"]!.GetValue<int>().ShouldBe(1);
    }

    [Fact]
    public async Task Generation_counts_changes_of_intent()
    {
        await CreateWidgetKindAsync();
        await ExpectAsync(201, "POST", Widgets, Widget("w"));
        (await PatchAsync($"{Widgets}/w", """{"metadata":{"labels":{"a":"b"}}}""")).ShouldBe(1);
        (await PatchAsync($"{Widgets}/w", """{"spec":{"replicas":2}}""")).ShouldBe(2);
        await ExpectAsync(201, "POST", Deployments, JsonNode.Parse("""
            {"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},
             "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}
            """));
        (await PatchAsync($"{Deployments}/d", """{"metadata":{"labels":{"a":"b"}}}""")).ShouldBe(1);
        (await PatchAsync($"{Deployments}/d", """{"metadata":{"annotations":{"a":"b"}}}""")).ShouldBe(2);
        (await PatchAsync($"{Deployments}/d", """{"spec":{"replicas":3}}""")).ShouldBe(3);
    }

    [Fact]
    public async Task Scale_and_its_parent_move_together()
    {
        await CreateWidgetKindAsync();
        await ExpectAsync(201, "POST", Widgets, Widget("w"));
        var scale = await ExpectAsync(200, "PATCH", $"{Widgets}/w/scale", JsonNode.Parse("""{"spec":{"replicas":4}}"""), Merge);
        scale["kind"]!.GetValue<string>().ShouldBe("Scale");
        scale["spec"]!["replicas"]!.GetValue<int>().ShouldBe(4);
        var parent = await ExpectAsync(200, "GET", $"{Widgets}/w");
        parent["spec"]!["replicas"]!.GetValue<int>().ShouldBe(4);
        parent["metadata"]!["generation"]!.GetValue<int>().ShouldBe(2);
        Revision(parent).ShouldBe(Revision(scale));
        (await ExpectAsync(422, "PATCH", $"{Widgets}/w/scale", JsonNode.Parse("""{"spec":{"replicas":99}}"""), Merge))["message"]!.GetValue<string>().ShouldContain("spec.replicas");
        await ExpectAsync(422, "PATCH", $"{Widgets}/w/scale", JsonNode.Parse("""{"spec":{"replicas":-1}}"""), Merge);
        var stale = (JsonObject)scale.DeepClone();
        stale["metadata"]!["resourceVersion"] = "1";
        await ExpectAsync(409, "PUT", $"{Widgets}/w/scale", stale);
        scale["spec"]!["replicas"] = 5;
        await ExpectAsync(200, "PUT", $"{Widgets}/w/scale", scale);
    }

    [Fact]
    public async Task A_dry_run_answers_as_usual_and_stores_nothing()
    {
        var before = Server.StoredWrites;
        (await ExpectAsync(201, "POST", $"{ConfigMaps}?dryRun=All", ConfigMap("dry")))["metadata"]!["uid"].ShouldNotBeNull();
        await ExpectAsync(404, "GET", $"{ConfigMaps}/dry");
        Server.StoredWrites.ShouldBe(before);
        await CreateConfigMapAsync("a");
        await ExpectAsync(200, "PATCH", $"{ConfigMaps}/a?dryRun=All", Data("2"), Merge);
        await ExpectAsync(200, "DELETE", $"{ConfigMaps}/a?dryRun=All");
        (await ExpectAsync(200, "GET", $"{ConfigMaps}/a"))["data"]!["a"]!.GetValue<string>().ShouldBe("1");
        await ExpectAsync(422, "POST", $"{ConfigMaps}?dryRun=Some", ConfigMap("x"));
    }

    [Fact]
    public async Task Unknown_fields_warn_are_refused_or_pass_as_asked()
    {
        await CreateWidgetKindAsync();
        var body = """{"apiVersion":"example.test/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"replicas":1,"replicas":2,"bogus":1}}""";
        using (var warned = await SendAsync("POST", Widgets, body, "application/json"))
        {
            warned.StatusCode.ShouldBe(HttpStatusCode.Created);
            var warnings = string.Join('\n', warned.Headers.GetValues("Warning"));
            warnings.ShouldContain("299 - \"unknown field \\\"spec.bogus\\\"\"");
            warnings.ShouldContain("duplicate field \\\"spec.replicas\\\"");
        }

        using var strict = await SendAsync("POST", $"{Widgets}?fieldValidation=Strict", body, "application/json");
        strict.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await strict.Content.ReadAsStringAsync(Cancel)).ShouldContain("strict decoding error: duplicate field");
        using var ignored = await SendAsync("POST", $"{Widgets}?fieldValidation=Ignore", body.Replace("\"w\"", "\"w2\"", StringComparison.Ordinal), "application/json");
        ignored.StatusCode.ShouldBe(HttpStatusCode.Created);
        ignored.Headers.Contains("Warning").ShouldBeFalse();
        (await ExpectAsync(200, "GET", $"{Widgets}/w"))["spec"]!["bogus"].ShouldBeNull();
    }

    [Fact]
    public async Task Appliers_own_fields_and_conflict_over_them()
    {
        await CreateWidgetKindAsync();
        await ExpectAsync(422, "PATCH", $"{Widgets}/w", Widget("w", 1), Apply);
        var created = await ExpectAsync(201, "PATCH", $"{Widgets}/w?fieldManager=one", Widget("w", 1), Apply);
        var same = await ExpectAsync(200, "PATCH", $"{Widgets}/w?fieldManager=one", Widget("w", 1), Apply);
        Revision(same).ShouldBe(Revision(created));
        var conflict = await ExpectAsync(409, "PATCH", $"{Widgets}/w?fieldManager=two", Widget("w", 2), Apply);
        conflict["details"]!["causes"]![0]!["reason"]!.GetValue<string>().ShouldBe("FieldManagerConflict");
        conflict["details"]!["causes"]![0]!["field"]!.GetValue<string>().ShouldBe(".spec.replicas");
        var forced = await ExpectAsync(200, "PATCH", $"{Widgets}/w?fieldManager=two&force=true", Widget("w", 2), Apply);
        forced["spec"]!["replicas"]!.GetValue<int>().ShouldBe(2);
    }

    [Fact]
    public async Task Patches_of_every_kind_do_what_they_say()
    {
        await CreateWidgetKindAsync();
        await ExpectAsync(201, "POST", Widgets, Widget("w"));
        await ExpectAsync(200, "PATCH", $"{Widgets}/w", JsonNode.Parse("""[{"op":"test","path":"/spec/replicas","value":1},{"op":"replace","path":"/spec/replicas","value":3}]"""), "application/json-patch+json");
        await ExpectAsync(422, "PATCH", $"{Widgets}/w", JsonNode.Parse("""[{"op":"test","path":"/spec/replicas","value":1}]"""), "application/json-patch+json");
        await ExpectAsync(400, "PATCH", $"{Widgets}/w", JsonNode.Parse("""[{"op":"dance","path":"/spec"}]"""), "application/json-patch+json");
        await ExpectAsync(415, "PATCH", $"{Widgets}/w", new JsonObject(), "application/strategic-merge-patch+json");
        await ExpectAsync(404, "PATCH", $"{Widgets}/nope", new JsonObject(), Merge);
        await ExpectAsync(201, "POST", Pods, Pod("p"));
        var pod = await ExpectAsync(200, "PATCH", $"{Pods}/p", JsonNode.Parse("""{"spec":{"containers":[{"name":"main","image":"example:2"}]}}"""), "application/strategic-merge-patch+json");
        pod["spec"]!["containers"]![0]!["image"]!.GetValue<string>().ShouldBe("example:2");
        pod["spec"]!["containers"]![0]!["imagePullPolicy"].ShouldNotBeNull();
    }

    [Fact]
    public async Task Yaml_goes_in_and_comes_out()
    {
        using var created = await SendAsync("POST", ConfigMaps, "metadata:\n  name: y\ndata:\n  yes: \"on\"\n  n: \"1\"\n", "application/yaml");
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{ConfigMaps}/y");
        request.Headers.TryAddWithoutValidation("Accept", "application/yaml");
        using var read = await Http.SendAsync(request, Cancel);
        var text = await read.Content.ReadAsStringAsync(Cancel);
        text.ShouldContain("n: \"1\"");
        text.ShouldContain("\"yes\": \"on\"");
    }

    [Theory]
    [InlineData("POST", ConfigMaps, "text/xml", "<a/>", 415)]
    [InlineData("POST", ConfigMaps, "application/json", "{", 400)]
    [InlineData("POST", ConfigMaps, "application/json", "[]", 400)]
    [InlineData("POST", ConfigMaps, "application/json", """{"metadata":{"name":"x"},"data":{"a":1}}""", 400)]
    [InlineData("POST", ConfigMaps, "application/yaml", "a: [", 400)]
    [InlineData("POST", $"{ConfigMaps}/a", "application/json", "{}", 405)]
    [InlineData("DELETE", "/api/v1/namespaces", "application/json", "", 405)]
    [InlineData("POST", "/api/v1/namespaces/nons/configmaps", "application/json", """{"metadata":{"name":"x"}}""", 404)]
    public async Task What_makes_no_sense_is_refused(string method, string path, string type, string body, int code)
    {
        using var response = await SendAsync(method, path, body, type);
        ((int)response.StatusCode).ShouldBe(code);
        JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["kind"]!.GetValue<string>().ShouldBe("Status");
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413()
    {
        var body = ConfigMap("x");
        body["data"]!["a"] = new string('x', 3 * 1024 * 1024);
        using var response = await SendAsync("POST", ConfigMaps, body.ToJsonString(), "application/json");
        ((int)response.StatusCode).ShouldBe(413);
        await CreateConfigMapAsync("still-works");
    }

    [Fact]
    public async Task An_accept_that_cannot_be_met_is_406() => await ExpectAsync(406, "GET", ConfigMaps, accept: "text/xml");

    [Fact]
    public async Task Services_get_addresses_and_ports_of_their_own()
    {
        const string services = "/api/v1/namespaces/default/services";
        var first = await ExpectAsync(201, "POST", services, Service("a", "NodePort"));
        var second = await ExpectAsync(201, "POST", services, Service("b", "ClusterIP"));
        first["spec"]!["clusterIP"]!.GetValue<string>().ShouldBe("127.96.0.11");
        second["spec"]!["clusterIP"]!.GetValue<string>().ShouldBe("127.96.0.12");
        first["spec"]!["ports"]![0]!["nodePort"]!.GetValue<int>().ShouldBeInRange(30000, 32767);
        second["spec"]!["ports"]![0]!["nodePort"].ShouldBeNull();
        var taken = Service("c", "NodePort");
        taken["spec"]!["ports"]![0]!["nodePort"] = first["spec"]!["ports"]![0]!["nodePort"]!.DeepClone();
        (await ExpectAsync(422, "POST", services, taken))["message"]!.GetValue<string>().ShouldContain("provided port is already allocated");
        var kept = await ExpectAsync(200, "PUT", $"{services}/a", Service("a", "NodePort"));
        kept["spec"]!["clusterIP"]!.GetValue<string>().ShouldBe("127.96.0.11");
        await ExpectAsync(200, "DELETE", $"{services}/a");
        (await ExpectAsync(201, "POST", services, Service("d", "ClusterIP")))["spec"]!["clusterIP"]!.GetValue<string>().ShouldBe("127.96.0.11");
    }

    [Fact]
    public async Task Events_have_two_faces_and_one_body()
    {
        await ExpectAsync(201, "POST", "/api/v1/namespaces/default/events", JsonNode.Parse("""
            {"metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"p","namespace":"default"},"message":"hello","reason":"R","type":"Normal"}
            """));
        var other = await ExpectAsync(200, "GET", "/apis/events.k8s.io/v1/namespaces/default/events/e");
        other["regarding"]!["name"]!.GetValue<string>().ShouldBe("p");
        other["note"]!.GetValue<string>().ShouldBe("hello");
        Names(await ExpectAsync(200, "GET", "/api/v1/events?fieldSelector=involvedObject.name%3Dp,involvedObject.kind%3DPod")).ShouldBe(["e"]);
        Names(await ExpectAsync(200, "GET", "/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dother")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_lease_is_won_by_one_writer_and_keeps_its_microseconds()
    {
        const string leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
        var lease = await ExpectAsync(201, "POST", leases, JsonNode.Parse("""{"metadata":{"name":"l"},"spec":{"holderIdentity":"a","renewTime":"2026-01-01T00:00:00.123456Z"}}"""));
        lease["spec"]!["renewTime"]!.GetValue<string>().ShouldBe("2026-01-01T00:00:00.123456Z");
        lease["spec"]!["holderIdentity"] = "b";
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var response = await SendAsync("PUT", $"{leases}/l", lease.ToJsonString(), "application/json");
            return (int)response.StatusCode;
        }));

        // The first write changes the holder; those after it carry a stale revision.
        answers.Count(a => a == 200).ShouldBe(1);
        answers.Count(a => a == 409).ShouldBe(7);
    }

    [Fact]
    public async Task Binding_happens_once()
    {
        await ExpectAsync(201, "POST", Pods, Pod("p"));
        await ExpectAsync(201, "POST", $"{Pods}/p/binding", JsonNode.Parse("""{"target":{"kind":"Node","name":"n1"}}"""));
        (await ExpectAsync(200, "GET", $"{Pods}/p"))["spec"]!["nodeName"]!.GetValue<string>().ShouldBe("n1");
        await ExpectAsync(409, "POST", $"{Pods}/p/binding", JsonNode.Parse("""{"target":{"kind":"Node","name":"n2"}}"""));
    }

    [Fact]
    public async Task Eviction_respects_the_disruption_budget()
    {
        for (var i = 0; i < 2; i++)
        {
            var pod = Pod($"p{i}", "n1");
            pod["metadata"]!["labels"] = new JsonObject { ["app"] = "web" };
            await ExpectAsync(201, "POST", Pods, pod);
            await ExpectAsync(200, "PATCH", $"{Pods}/p{i}/status", JsonNode.Parse("""{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"""), Merge);
        }

        const string budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
        await ExpectAsync(201, "POST", budgets, JsonNode.Parse("""{"metadata":{"name":"b"},"spec":{"minAvailable":2,"selector":{"matchLabels":{"app":"web"}}}}"""));
        var refused = await ExpectAsync(429, "POST", $"{Pods}/p0/eviction", new JsonObject());
        refused["details"]!["causes"]![0]!["message"]!.GetValue<string>().ShouldBe("The disruption budget b needs 2 healthy pods and has 2 currently");
        await ExpectAsync(200, "PATCH", $"{budgets}/b", JsonNode.Parse("""{"spec":{"minAvailable":1}}"""), Merge);
        await ExpectAsync(201, "POST", $"{Pods}/p0/eviction", new JsonObject());
        (await ExpectAsync(200, "GET", $"{Pods}/p0"))["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
    }

    private static JsonObject Data(string value) => new() { ["data"] = new JsonObject { ["a"] = value } };

    private static JsonObject Service(string name, string type) => (JsonObject)JsonNode.Parse(
        "{\"metadata\":{\"name\":\"NAME\"},\"spec\":{\"type\":\"TYPE\",\"selector\":{\"a\":\"b\"},\"ports\":[{\"port\":80}]}}"
            .Replace("NAME", name, StringComparison.Ordinal).Replace("TYPE", type, StringComparison.Ordinal))!;

    private static string Name(JsonObject document) => document["metadata"]!["name"]!.GetValue<string>();

    private async Task<int> PatchAsync(string path, string patch) =>
        (await ExpectAsync(200, "PATCH", path, JsonNode.Parse(patch), Merge))["metadata"]!["generation"]!.GetValue<int>();

    private Task<HttpResponseMessage> SendAsync(string method, string path, string body, string type)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, type) };
        return Http.SendAsync(request, Cancel);
    }
}
