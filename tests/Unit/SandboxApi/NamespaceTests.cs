using System.Net;
using System.Text.Json.Nodes;

namespace Ops.SandboxApi.Tests;

public sealed class NamespaceTests : ApiTest
{
    [Fact]
    public async Task Four_namespaces_are_there_from_the_start() =>
        Names(await ExpectAsync(200, "GET", "/api/v1/namespaces")).ShouldBe(["default", "kube-node-lease", "kube-public", "kube-system"]);

    [Fact]
    public async Task A_namespace_goes_after_everything_in_it()
    {
        await CreateWidgetKindAsync();
        var created = await ExpectAsync(201, "POST", "/api/v1/namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "zz" } });
        created["metadata"]!["labels"]!["kubernetes.io/metadata.name"]!.GetValue<string>().ShouldBe("zz");
        created["spec"]!["finalizers"]![0]!.GetValue<string>().ShouldBe("kubernetes");
        created["status"]!["phase"]!.GetValue<string>().ShouldBe("Active");
        await ExpectAsync(201, "POST", "/apis/example.test/v1/namespaces/zz/widgets", Widget("w"));
        var held = ConfigMap("held");
        held["metadata"]!["finalizers"] = new JsonArray("example.test/hold");
        await ExpectAsync(201, "POST", "/api/v1/namespaces/zz/configmaps", held);
        var deleting = await ExpectAsync(200, "DELETE", "/api/v1/namespaces/zz");
        deleting["status"]!["phase"]!.GetValue<string>().ShouldBe("Terminating");
        var refused = await ExpectAsync(403, "POST", "/api/v1/namespaces/zz/configmaps", ConfigMap("x"));
        refused["message"]!.GetValue<string>().ShouldBe("configmaps \"x\" is forbidden: unable to create new content in namespace zz because it is being terminated");
        refused["details"]!["causes"]![0]!["reason"]!.GetValue<string>().ShouldBe("NamespaceTerminating");
        await EventuallyAsync(async () => Names(await ExpectAsync(200, "GET", "/apis/example.test/v1/namespaces/zz/widgets")).Count == 0);
        await ExpectAsync(200, "GET", "/api/v1/namespaces/zz");
        await ExpectAsync(200, "PATCH", "/api/v1/namespaces/zz/configmaps/held", JsonNode.Parse("""{"metadata":{"finalizers":null}}"""), "application/merge-patch+json");
        await EventuallyAsync(async () =>
        {
            using var response = await Http.GetAsync(new Uri("/api/v1/namespaces/zz", UriKind.Relative), Cancel);
            return response.StatusCode == HttpStatusCode.NotFound;
        });
    }
}
