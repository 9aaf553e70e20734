using System.Text.Json.Nodes;

namespace Ops.SandboxApi.Tests;

public sealed class DeletionTests : ApiTest
{
    private const string Merge = "application/merge-patch+json";

    [Fact]
    public async Task Finalizers_hold_an_object_until_the_last_is_gone()
    {
        var held = ConfigMap("a");
        held["metadata"]!["finalizers"] = new JsonArray("example.test/hold");
        var created = await ExpectAsync(201, "POST", ConfigMaps, held);
        using var watch = await WatchAsync(ConfigMaps, $"resourceVersion={Revision(created)}");
        var marked = await ExpectAsync(200, "DELETE", $"{ConfigMaps}/a");
        marked["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
        (await ExpectAsync(409, "POST", ConfigMaps, ConfigMap("a")))["message"]!.GetValue<string>().ShouldStartWith("object is being deleted: ");
        await ExpectAsync(422, "PATCH", $"{ConfigMaps}/a", JsonNode.Parse("""{"metadata":{"finalizers":["example.test/hold","example.test/more"]}}"""), Merge);
        await ExpectAsync(200, "PATCH", $"{ConfigMaps}/a", JsonNode.Parse("""{"metadata":{"finalizers":null}}"""), Merge);
        await ExpectAsync(404, "GET", $"{ConfigMaps}/a");
        (await watch.NextNameAsync()).ShouldBe("MODIFIED a");
        (await watch.NextNameAsync()).ShouldBe("DELETED a");
    }

    [Fact]
    public async Task Deletion_checks_its_preconditions_and_options()
    {
        var created = await CreateConfigMapAsync("a");
        await ExpectAsync(409, "DELETE", $"{ConfigMaps}/a", JsonNode.Parse("""{"preconditions":{"uid":"other"}}"""));
        await ExpectAsync(422, "DELETE", $"{ConfigMaps}/a", JsonNode.Parse("""{"propagationPolicy":"Sideways"}"""));
        var status = await ExpectAsync(200, "DELETE", $"{ConfigMaps}/a");
        status["status"]!.GetValue<string>().ShouldBe("Success");
        status["details"]!["uid"]!.GetValue<string>().ShouldBe(created["metadata"]!["uid"]!.GetValue<string>());
        await ExpectAsync(404, "DELETE", $"{ConfigMaps}/a");
    }

    [Theory]
    [InlineData("Foreground", "foregroundDeletion")]
    [InlineData("Orphan", "orphan")]
    public async Task Propagation_that_the_collector_must_see_leaves_its_finalizer(string policy, string finalizer)
    {
        await CreateConfigMapAsync("a");
        var marked = await ExpectAsync(200, "DELETE", $"{ConfigMaps}/a", new JsonObject { ["propagationPolicy"] = policy });
        marked["metadata"]!["finalizers"]![0]!.GetValue<string>().ShouldBe(finalizer);
        marked["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
    }

    [Fact]
    public async Task A_pod_on_a_node_waits_for_its_kubelet_and_one_without_does_not()
    {
        await ExpectAsync(201, "POST", Pods, Pod("bound", "n1"));
        await ExpectAsync(201, "POST", Pods, Pod("free"));
        var marked = await ExpectAsync(200, "DELETE", $"{Pods}/bound");
        marked["metadata"]!["deletionGracePeriodSeconds"]!.GetValue<int>().ShouldBe(30);
        await ExpectAsync(200, "GET", $"{Pods}/bound");
        await ExpectAsync(200, "DELETE", $"{Pods}/bound", new JsonObject { ["gracePeriodSeconds"] = 0 });
        await ExpectAsync(404, "GET", $"{Pods}/bound");
        await ExpectAsync(200, "DELETE", $"{Pods}/free");
        await ExpectAsync(404, "GET", $"{Pods}/free");
    }

    [Fact]
    public async Task A_collection_is_deleted_by_selector()
    {
        await CreateConfigMapAsync("a", ("app", "x"));
        await CreateConfigMapAsync("b", ("app", "y"));
        Names(await ExpectAsync(200, "DELETE", $"{ConfigMaps}?labelSelector=app%3Dx")).ShouldBe(["a"]);
        Names(await ExpectAsync(200, "GET", ConfigMaps)).ShouldBe(["b"]);
    }
}
