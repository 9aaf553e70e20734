namespace Ops.Contract.Tests;

/// <summary>Checks 48 to 52.</summary>
public abstract class DeletionChecks(IServer server) : ContractTest(server)
{
    [Fact]
    public async Task Scale_moves_with_its_parent()
    {
        await Create(Widget("w1"));
        var scale = (await Api.Get(WidgetsPath + "/w1/scale")).Expect(200);
        (scale.TextAt("kind"), scale.TextAt("apiVersion"), scale.TextAt("spec.replicas")).ShouldBe(("Scale", "autoscaling/v1", "1"));
        var patched = (await Api.Patch(WidgetsPath + "/w1/scale", """{"spec":{"replicas":4}}""")).Expect(200);
        var parent = await Api.Get(WidgetsPath + "/w1");
        (parent.TextAt("spec.replicas"), Generation(parent), Rv(parent)).ShouldBe(("4", 2, Rv(patched)));
        (await Api.Put(WidgetsPath + "/w1/scale", patched.Text.Replace("\"replicas\":4", "\"replicas\":5").Replace("\"replicas\": 4", "\"replicas\": 5"))).Expect(200);
        (await Api.Get(WidgetsPath + "/w1")).TextAt("spec.replicas").ShouldBe("5");
        (await Api.Put(WidgetsPath + "/w1/scale", patched.Text)).Expect(409, "Conflict");
        (await Api.Patch(WidgetsPath + "/w1/scale", """{"spec":{"replicas":22}}""")).Expect(422, "Invalid").ExpectCause("spec.replicas", "FieldValueInvalid", "should be less than or equal to 10");
        (await Api.Patch(WidgetsPath + "/w1/scale", """{"spec":{"replicas":-1}}""")).Expect(422, "Invalid");
    }

    [Fact]
    public async Task Scale_shows_status_and_selector()
    {
        await Create(Widget("w1"));
        await Api.Patch(WidgetsPath + "/w1/status", """{"status":{"replicas":3,"selector":"app=w"}}""");
        SameJson((await Api.Get(WidgetsPath + "/w1/scale")).At("status"), """{"replicas":3,"selector":"app=w"}""");
        (await Api.Post(Deployments, Deployment("web", 0))).Expect(201);
        (await Api.Get(Deployments + "/web/scale")).Expect(200).TextAt("status.selector").ShouldBe("app=web");
    }

    [Fact]
    public async Task A_finalizer_holds_an_object_until_it_is_removed()
    {
        var created = await Create(Widget("w1", metadata: "\"finalizers\":[\"example.test/hold\"]"));
        using var watch = await Api.Watch($"{WidgetsPath}?watch=true&resourceVersion={Rv(created)}");
        var marked = (await Api.Delete(WidgetsPath + "/w1")).Expect(200);
        marked.TextAt("kind").ShouldBe("Widget");
        marked.TextAt("metadata.deletionTimestamp").ShouldNotBeNullOrEmpty();
        Generation(marked).ShouldBe(2);
        (await Api.Get(WidgetsPath + "/w1")).Expect(200);
        (await Api.Patch(WidgetsPath + "/w1", """{"metadata":{"finalizers":["example.test/hold","example.test/more"]}}""")).Expect(422, "Invalid")
            .ExpectCause("metadata.finalizers", "FieldValueForbidden", "no new finalizers can be added if the object is being deleted");
        (await Api.Post(WidgetsPath, Widget("w1"))).Expect(409, "AlreadyExists").TextAt("message").ShouldBe("object is being deleted: widgets.example.test \"w1\" already exists");
        (await Api.Patch(WidgetsPath + "/w1", """{"metadata":{"finalizers":null}}""")).Expect(200);
        (await Api.Get(WidgetsPath + "/w1")).Expect(404);
        (await watch.NextName()).ShouldBe("MODIFIED w1");
        (await watch.NextName()).ShouldBe("DELETED w1");
    }

    [Fact]
    public async Task Deleting_answers_Success_with_the_uid_and_obeys_preconditions()
    {
        var created = await Create(Widget("w1"));
        (await Api.Delete(WidgetsPath + "/w1", """{"preconditions":{"uid":"other"}}""")).Expect(409, "Conflict");
        (await Api.Delete(WidgetsPath + "/w1", """{"preconditions":{"resourceVersion":"1"}}""")).Expect(409, "Conflict");
        (await Api.Delete(WidgetsPath + "/w1", """{"propagationPolicy":"Sideways"}""")).Expect(422, "Invalid");
        var reply = (await Api.Delete(WidgetsPath + "/w1")).Expect(200);
        reply.TextAt("status").ShouldBe("Success");
        SameJson(reply.At("details"), $$$$"""{"name":"w1","group":"example.test","kind":"widgets","uid":"{{{{created.TextAt("metadata.uid")}}}}"}""");
    }

    [Fact]
    public async Task Deleting_a_collection_removes_what_the_selector_selects()
    {
        await Create(Widget("w1", metadata: "\"labels\":{\"app\":\"web\"}"));
        await Create(Widget("w2"));
        (await Api.Delete(WidgetsPath + "?labelSelector=app%3Dweb")).Expect(200);
        Names(await Api.Get(WidgetsPath)).ShouldBe(["w2"]);
    }

    [Theory]
    [InlineData("Background")]
    [InlineData("Foreground")]
    public async Task A_dependent_goes_with_its_owner(string policy)
    {
        await OwnerAndDependent();
        var reply = (await Api.Delete(WidgetsPath + "/owner", $$$$"""{"propagationPolicy":"{{{{policy}}}}"}""")).Expect(200);
        if (policy == "Foreground")
            reply.At("metadata.finalizers")!.AsArray().Select(f => f!.ToString()).ShouldBe(["foregroundDeletion"]);
        await Eventually(Core + "/configmaps/dependent", r => r.Code == 404);
        await Eventually(WidgetsPath + "/owner", r => r.Code == 404);
    }

    [Fact]
    public async Task An_orphan_survives_its_owner_without_reference()
    {
        await OwnerAndDependent();
        // A real collector orphans the dependents that it knows and collects one that it learns of later. It learns of
        // ConfigMaps in their order: once it collected a younger one without an owner, it knows this one.
        (await Api.Post(Core + "/configmaps", Dependent("younger", ownerUid: Guid.NewGuid().ToString()))).Expect(201);
        await Eventually(Core + "/configmaps/younger", r => r.Code == 404);
        (await Api.Delete(WidgetsPath + "/owner", """{"propagationPolicy":"Orphan"}""")).Expect(200);
        await Eventually(WidgetsPath + "/owner", r => r.Code == 404);
        (await Eventually(Core + "/configmaps/dependent", r => r.Code != 200 || r.At("metadata.ownerReferences") is null)).Expect(200);
    }

    [Fact]
    public async Task A_namespace_takes_its_content_along()
    {
        await Create(Widget("w1"));
        (await Api.Post(Core + "/configmaps", ConfigMap("c"))).Expect(201);
        (await Api.Delete("/api/v1/namespaces/" + Ns)).Expect(200).TextAt("status.phase").ShouldBe("Terminating");
        await Eventually("/api/v1/namespaces/" + Ns, r => r.Code == 404);
        (await Api.Get(WidgetsPath + "/w1")).Expect(404);
    }

    private async Task OwnerAndDependent()
    {
        var owner = await Create(Widget("owner"));
        (await Api.Post(Core + "/configmaps", Dependent("dependent", owner.TextAt("metadata.uid")!))).Expect(201);
    }

    private static string Dependent(string name, string ownerUid) => ConfigMap(name).Replace($"\"name\":\"{name}\"",
        $$$$"""
        "name":"{{{{name}}}}","ownerReferences":[{"apiVersion":"example.test/v1","kind":"Widget","name":"owner","uid":"{{{{ownerUid}}}}","controller":true,"blockOwnerDeletion":true}]
        """);
}

public sealed class DeletionOnSandbox(SandboxServer server) : DeletionChecks(server);

public sealed class DeletionOnRealServer(RealServer server) : DeletionChecks(server);
