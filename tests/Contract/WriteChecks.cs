namespace Ops.Contract.Tests;

/// <summary>Checks 9 to 27.</summary>
public abstract class WriteChecks(IServer server) : ContractTest(server)
{
    [Fact]
    public async Task An_unknown_object_is_NotFound_with_its_details()
    {
        var reply = (await Api.Get(WidgetsPath + "/nope")).Expect(404, "NotFound");
        reply.TextAt("message").ShouldBe("widgets.example.test \"nope\" not found");
        SameJson(reply.At("details"), """{"name":"nope","group":"example.test","kind":"widgets"}""");
        (await Api.Get(Core + "/pods/nope")).Expect(404).TextAt("message").ShouldBe("pods \"nope\" not found");
    }

    [Fact]
    public async Task A_created_object_gets_uid_version_time_and_generation()
    {
        var reply = await Create(Widget("w1"));
        reply.TextAt("metadata.uid").ShouldNotBeNullOrEmpty();
        Rv(reply).ShouldNotBeNullOrEmpty();
        reply.TextAt("metadata.creationTimestamp").ShouldNotBeNull().ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
        Generation(reply).ShouldBe(1);
    }

    [Fact]
    public async Task An_existing_name_is_AlreadyExists()
    {
        await Create(Widget("w1"));
        (await Api.Post(WidgetsPath, Widget("w1"))).Expect(409, "AlreadyExists").TextAt("message").ShouldBe("widgets.example.test \"w1\" already exists");
    }

    [Fact]
    public async Task Generated_names_have_the_prefix_and_five_characters()
    {
        var body = """{"apiVersion":"example.test/v1","kind":"Widget","metadata":{"generateName":"gn-"},"spec":{"replicas":1}}""";
        var (a, b) = (await Create(body), await Create(body));
        a.TextAt("metadata.name").ShouldNotBeNull().ShouldMatch("^gn-[a-z0-9]{5}$");
        b.TextAt("metadata.name").ShouldNotBe(a.TextAt("metadata.name"));
        a.TextAt("metadata.generateName").ShouldBe("gn-");
    }

    [Fact]
    public async Task A_nameless_object_is_Invalid() =>
        (await Api.Post(WidgetsPath, """{"apiVersion":"example.test/v1","kind":"Widget","metadata":{},"spec":{"replicas":1}}"""))
            .Expect(422, "Invalid").ExpectCause("metadata.name", "FieldValueRequired", "name or generateName is required");

    [Fact]
    public async Task An_uppercase_name_is_Invalid_and_told_the_rule() =>
        (await Api.Post(WidgetsPath, Widget("Upper"))).Expect(422, "Invalid").ExpectCause("metadata.name", "FieldValueInvalid", "RFC 1123");

    [Fact]
    public async Task A_body_with_another_name_than_the_URL_is_BadRequest()
    {
        var created = await Create(Widget("g1"));
        (await Api.Put(WidgetsPath + "/g1", created.Text.Replace("\"g1\"", "\"g3\""))).Expect(400, "BadRequest")
            .TextAt("message").ShouldBe("the name of the object (g3) does not match the name on the URL (g1)");
    }

    [Fact]
    public async Task A_stale_version_is_a_Conflict_for_put_and_patch()
    {
        var first = await Create(Widget("w1"));
        (await Api.Patch(WidgetsPath + "/w1", """{"spec":{"replicas":2}}""")).Expect(200);
        (await Api.Put(WidgetsPath + "/w1", first.Text)).Expect(409, "Conflict").TextAt("message").ShouldNotBeNull().ShouldContain("the object has been modified");
        (await Api.Patch(WidgetsPath + "/w1", $$$$"""{"metadata":{"resourceVersion":"{{{{Rv(first)}}}}"},"spec":{"replicas":3}}""")).Expect(409, "Conflict");
    }

    [Fact]
    public async Task A_put_without_version_is_refused_for_custom_kinds_and_unconditional_for_config_maps()
    {
        await Create(Widget("w1"));
        (await Api.Put(WidgetsPath + "/w1", Widget("w1"))).Expect(422, "Invalid").ExpectCause("metadata.resourceVersion", "FieldValueInvalid", "must be specified for an update");
        (await Api.Post(Core + "/configmaps", ConfigMap("c"))).Expect(201);
        (await Api.Put(Core + "/configmaps/c", ConfigMap("c", """{"a":"2"}"""))).Expect(200).TextAt("data.a").ShouldBe("2");
    }

    [Theory]
    [InlineData(Api.Merge, """{"spec":{"replicas":1}}""")]
    [InlineData(Api.JsonPatch, """[{"op":"replace","path":"/spec/replicas","value":1}]""")]
    public async Task A_write_that_changes_nothing_keeps_the_version_and_wakes_no_watch(string type, string patch)
    {
        var created = await Create(Widget("w1"));
        using var watch = await Api.Watch($"{WidgetsPath}?watch=true&resourceVersion={Rv(created)}");
        Rv((await Api.Patch(WidgetsPath + "/w1", patch, type)).Expect(200)).ShouldBe(Rv(created));
        await Create(Widget("marker"));
        (await watch.NextName()).ShouldBe("ADDED marker");
    }

    [Fact]
    public async Task A_merge_patch_with_null_removes_the_key()
    {
        await Create(Widget("w1", """{"replicas":1,"image":"x"}"""));
        (await Api.Patch(WidgetsPath + "/w1", """{"spec":{"image":null}}""")).Expect(200).At("spec.image").ShouldBeNull();
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/spec/replicas","value":9}]""")]
    [InlineData("""[{"op":"remove","path":"/spec/nope"}]""")]
    public async Task A_JSON_patch_that_does_not_fit_is_Invalid(string patch)
    {
        await Create(Widget("w1"));
        (await Api.Patch(WidgetsPath + "/w1", patch, Api.JsonPatch)).Expect(422, "Invalid");
    }

    [Fact]
    public async Task A_strategic_patch_is_refused_for_custom_kinds_and_merges_containers_by_name()
    {
        await Create(Widget("w1"));
        (await Api.Patch(WidgetsPath + "/w1", "{}", Api.Strategic)).Expect(415, "UnsupportedMediaType");
        (await Api.Post(Deployments, Deployment("web", 0))).Expect(201);
        var patched = (await Api.Patch(Deployments + "/web",
            """{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"shell:1"},{"name":"c","image":"shell:2"}]}}}}""", Api.Strategic)).Expect(200);
        var containers = patched.At("spec.template.spec.containers")!.AsArray().ToDictionary(c => c!["name"]!.ToString(), c => c!["image"]!.ToString());
        containers.ShouldBe(new Dictionary<string, string> { ["side"] = "shell:1", ["c"] = "shell:2" }, ignoreOrder: true);
        patched.At("spec.template.spec.containers")!.AsArray().Single(c => c!["name"]!.ToString() == "c")!["args"].ShouldNotBeNull();
    }

    [Fact]
    public async Task Unknown_media_types_are_415_and_406()
    {
        (await Api.Post(WidgetsPath, "<a/>", "text/xml")).Expect(415, "UnsupportedMediaType");
        (await Api.Get(WidgetsPath, "text/xml")).Expect(406, "NotAcceptable");
    }

    [Fact]
    public async Task A_YAML_body_creates()
    {
        var yaml = "apiVersion: example.test/v1\nkind: Widget\nmetadata: {name: y1}\nspec:\n  replicas: 2\n";
        (await Api.Post(WidgetsPath, yaml, "application/yaml")).Expect(201).At("spec.replicas")!.GetValue<int>().ShouldBe(2);
    }

    [Fact]
    public async Task Generation_of_a_custom_kind_rises_with_the_spec_only()
    {
        await Create(Widget("w1"));
        Generation((await Api.Patch(WidgetsPath + "/w1", """{"metadata":{"labels":{"a":"b"},"annotations":{"a":"b"}}}""")).Expect(200)).ShouldBe(1);
        Generation((await Api.Patch(WidgetsPath + "/w1", """{"spec":{"replicas":2}}""")).Expect(200)).ShouldBe(2);
    }

    [Fact]
    public async Task Generation_of_a_deployment_rises_with_spec_and_annotations_but_not_labels()
    {
        // Paused, so that no controller writes the revision annotation beside the check.
        var body = Deployment("web", 0).Replace("\"replicas\":0", "\"replicas\":0,\"paused\":true");
        var start = Generation((await Api.Post(Deployments, body)).Expect(201));
        start.ShouldBe(1);
        var labelled = Generation((await Api.Patch(Deployments + "/web", """{"metadata":{"labels":{"a":"b"}}}""")).Expect(200));
        var annotated = Generation((await Api.Patch(Deployments + "/web", """{"metadata":{"annotations":{"a":"b"}}}""")).Expect(200));
        var changed = Generation((await Api.Patch(Deployments + "/web", """{"spec":{"minReadySeconds":1}}""")).Expect(200));
        (labelled, annotated, changed).ShouldBe((1, 2, 3));
    }

    [Fact]
    public async Task Status_is_ignored_on_create_and_through_the_main_URL()
    {
        var body = Widget("w1")[..^1] + ",\"status\":{\"phase\":\"Up\"}}";
        (await Create(body)).At("status").ShouldBeNull();
        (await Api.Patch(WidgetsPath + "/w1", """{"status":{"phase":"Up"},"spec":{"replicas":2}}""")).Expect(200).At("status").ShouldBeNull();
        (await Api.Get(WidgetsPath + "/w1")).At("status").ShouldBeNull();
    }

    [Fact]
    public async Task The_status_URL_changes_nothing_but_the_status()
    {
        await Create(Widget("w1"));
        (await Api.Patch(WidgetsPath + "/w1/status", """{"status":{"phase":"Up"},"spec":{"replicas":9},"metadata":{"labels":{"a":"b"}}}""")).Expect(200);
        var read = await Api.Get(WidgetsPath + "/w1");
        read.TextAt("status.phase").ShouldBe("Up");
        read.At("spec.replicas")!.GetValue<int>().ShouldBe(1);
        read.At("metadata.labels").ShouldBeNull();
        Generation(read).ShouldBe(1);
    }
}

public sealed class WritesOnSandbox(SandboxServer server) : WriteChecks(server);

public sealed class WritesOnRealServer(RealServer server) : WriteChecks(server);
