using System.Text.Json.Nodes;

namespace Ops.SandboxApi.Tests;

public sealed class CrdTests : ApiTest
{
    private const string Merge = "application/merge-patch+json";

    [Fact]
    public async Task A_new_kind_appears_in_both_discoveries_and_in_openapi()
    {
        await CreateWidgetKindAsync();
        var resources = (await ExpectAsync(200, "GET", "/apis/example.test/v1"))["resources"]!.AsArray();
        resources.Select(r => r!["name"]!.GetValue<string>()).ShouldBe(["widgets", "widgets/scale", "widgets/status"], ignoreOrder: true);
        resources[0]!["shortNames"]![0]!.GetValue<string>().ShouldBe("wd");
        var groups = await ExpectAsync(200, "GET", "/apis");
        groups["groups"]!.AsArray().Select(g => g!["name"]!.GetValue<string>()).ShouldContain("example.test");
        var url = (await ExpectAsync(200, "GET", "/openapi/v3"))["paths"]!["apis/example.test/v1"]!["serverRelativeURL"]!.GetValue<string>();
        var document = await ExpectAsync(200, "GET", url);
        document["components"]!["schemas"]!["test.example.v1.Widget"]!["properties"]!["spec"]!["properties"]!["mode"].ShouldNotBeNull();
        document["paths"]!["/apis/example.test/v1/namespaces/{namespace}/widgets/{name}"]!["patch"]!["parameters"]!.AsArray()
            .Select(p => p!["name"]!.GetValue<string>()).ShouldContain("fieldValidation");
    }

    [Fact]
    public async Task Deleting_a_definition_waits_for_its_objects_and_takes_the_resource_away()
    {
        await CreateWidgetKindAsync();
        var held = Widget("held");
        held["metadata"]!["finalizers"] = new JsonArray("example.test/hold");
        await ExpectAsync(201, "POST", Widgets, held);
        await ExpectAsync(201, "POST", Widgets, Widget("free"));
        using var watch = await WatchAsync(Widgets, $"resourceVersion={Revision(await ExpectAsync(200, "GET", Widgets))}");
        await ExpectAsync(200, "DELETE", $"{Crds}/widgets.example.test");
        await EventuallyAsync(async () => Names(await ExpectAsync(200, "GET", Widgets)).SequenceEqual(["held"]));
        await ExpectAsync(200, "GET", $"{Crds}/widgets.example.test");
        await ExpectAsync(200, "PATCH", $"{Widgets}/held", JsonNode.Parse("""{"metadata":{"finalizers":null}}"""), Merge);
        await EventuallyAsync(async () => (await Http.GetAsync(new Uri($"{Crds}/widgets.example.test", UriKind.Relative), Cancel)).StatusCode == System.Net.HttpStatusCode.NotFound);
        await EventuallyAsync(async () => (await Http.GetAsync(new Uri(Widgets, UriKind.Relative), Cancel)).StatusCode == System.Net.HttpStatusCode.NotFound);
        while (await watch.NextAsync() is not null)
        {
            // The stream of a resource that is gone ends by itself.
        }
    }

    [Fact]
    public async Task The_second_definition_with_a_taken_name_is_not_served()
    {
        await CreateWidgetKindAsync();
        await ExpectAsync(201, "POST", Crds, JsonNode.Parse(Samples.WidgetCrd("gadgets", "Widget", "gd")));
        await EventuallyAsync(async () => (await ExpectAsync(200, "GET", $"{Crds}/gadgets.example.test")).ToJsonString().Contains("\"ListKindConflict\"", StringComparison.Ordinal));
        var status = (await ExpectAsync(200, "GET", $"{Crds}/gadgets.example.test"))["status"]!;
        status["conditions"]!.AsArray().Single(c => c!["type"]!.GetValue<string>() == "Established")!["status"]!.GetValue<string>().ShouldBe("False");
        await ExpectAsync(404, "GET", "/apis/example.test/v1/gadgets");

        // When the first goes, the second takes over.
        await ExpectAsync(200, "DELETE", $"{Crds}/widgets.example.test");
        await EventuallyAsync(async () => (await Http.GetAsync(new Uri("/apis/example.test/v1/gadgets", UriKind.Relative), Cancel)).IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_definition_that_is_wrong_is_refused_by_field()
    {
        var crd = JsonNode.Parse(Samples.WidgetCrd("widgets", "Widget", "wd"))!;
        crd["metadata"]!["name"] = "other.example.test";
        var status = await ExpectAsync(422, "POST", Crds, crd);
        status["details"]!["causes"]!.AsArray().Select(c => c!["field"]!.GetValue<string>()).ShouldContain("metadata.name");
        var webhook = JsonNode.Parse(Samples.WidgetCrd("widgets", "Widget", "wd"))!;
        webhook["spec"]!["conversion"] = JsonNode.Parse("""{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],"clientConfig":{"url":"https://x"}}}""");
        await ExpectAsync(422, "POST", Crds, webhook);
    }

    [Fact]
    public async Task A_changed_schema_is_in_force_at_once_and_the_openapi_address_changes()
    {
        await CreateWidgetKindAsync();
        var before = await UrlAsync();
        await ExpectAsync(422, "POST", Widgets, Widget("w", 11));
        var crd = await ExpectAsync(200, "GET", $"{Crds}/widgets.example.test");
        crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!["replicas"]!["maximum"] = 20;
        await ExpectAsync(200, "PUT", $"{Crds}/widgets.example.test", crd);
        await EventuallyAsync(async () => await UrlAsync() != before);
        await ExpectAsync(201, "POST", Widgets, Widget("w", 11));
    }

    private async Task<string> UrlAsync() => (await ExpectAsync(200, "GET", "/openapi/v3"))["paths"]!["apis/example.test/v1"]!["serverRelativeURL"]!.GetValue<string>();
}
