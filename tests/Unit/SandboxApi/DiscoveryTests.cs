using System.Net;
using System.Text.Json.Nodes;

namespace Ops.SandboxApi.Tests;

public sealed class DiscoveryTests : ApiTest
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

    [Fact]
    public async Task Aggregated_discovery_lists_every_resource_once()
    {
        var core = await ExpectAsync(200, "GET", "/api", accept: Aggregated);
        core["kind"]!.GetValue<string>().ShouldBe("APIGroupDiscoveryList");
        var pods = core["items"]![0]!["versions"]![0]!["resources"]!.AsArray().Single(r => r!["resource"]!.GetValue<string>() == "pods")!;
        pods["shortNames"]![0]!.GetValue<string>().ShouldBe("po");
        pods["subresources"]!.AsArray().Select(s => s!["subresource"]!.GetValue<string>()).ShouldBe(["binding", "eviction", "exec", "log", "status"]);
        var groups = await ExpectAsync(200, "GET", "/apis", accept: Aggregated);
        groups["items"]!.AsArray().Select(g => g!["metadata"]!["name"]!.GetValue<string>()).ShouldBeUnique();
        groups.ToJsonString().ShouldNotContain("validatingadmissionpolicies");
    }

    [Fact]
    public async Task A_known_discovery_document_is_304()
    {
        using var first = await GetAsync(null);
        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        first.Content.Headers.ContentType!.ToString().ShouldContain("as=APIGroupDiscoveryList");
        using var second = await GetAsync(first.Headers.ETag!.ToString());
        second.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        await CreateWidgetKindAsync();
        using var third = await GetAsync(first.Headers.ETag.ToString());
        third.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Legacy_discovery_says_the_same()
    {
        (await ExpectAsync(200, "GET", "/api"))["versions"]![0]!.GetValue<string>().ShouldBe("v1");
        (await ExpectAsync(200, "GET", "/apis/autoscaling"))["preferredVersion"]!["version"]!.GetValue<string>().ShouldBe("v2");
        (await ExpectAsync(200, "GET", "/apis/apps/v1"))["resources"]!.AsArray().Select(r => r!["name"]!.GetValue<string>()).ShouldContain("deployments/scale");
    }

    [Theory]
    [InlineData("/apis/nope")]
    [InlineData("/apis/nope/v1")]
    [InlineData("/apis/nope/v1/things")]
    [InlineData("/api/v1/things")]
    [InlineData("/nowhere")]
    [InlineData("/openapi/v2")]
    [InlineData("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies")]
    public async Task An_unknown_path_is_a_plain_404(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(Cancel)).ShouldBe("404 page not found\n");
    }

    [Fact]
    public async Task An_unknown_subresource_is_a_status()
    {
        await ExpectAsync(201, "POST", Pods, Pod("p"));
        (await ExpectAsync(404, "GET", $"{Pods}/p/attach"))["message"]!.GetValue<string>().ShouldBe("the server could not find the requested resource");
    }

    [Fact]
    public async Task Every_openapi_document_resolves_its_references()
    {
        var index = (await ExpectAsync(200, "GET", "/openapi/v3"))["paths"]!.AsObject();
        index.Count.ShouldBeGreaterThan(10);
        foreach (var (_, entry) in index)
        {
            var document = await ExpectAsync(200, "GET", entry!["serverRelativeURL"]!.GetValue<string>());
            var known = document["components"]!["schemas"]!.AsObject().Select(s => $"#/components/schemas/{s.Key}").ToHashSet();
            References(document).Where(r => !known.Contains(r)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_wrong_openapi_hash_leads_to_the_right_one()
    {
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = Http.BaseAddress };
        client.DefaultRequestHeaders.Authorization = Http.DefaultRequestHeaders.Authorization;
        using var moved = await client.GetAsync(new Uri("/openapi/v3/api/v1?hash=WRONG", UriKind.Relative), Cancel);
        moved.StatusCode.ShouldBe(HttpStatusCode.MovedPermanently);
        (await ExpectAsync(200, "GET", moved.Headers.Location!.ToString()))["openapi"]!.GetValue<string>().ShouldBe("3.0.0");
    }

    [Fact]
    public async Task Version_health_and_metrics_answer()
    {
        (await ExpectAsync(200, "GET", "/version"))["gitVersion"]!.GetValue<string>().ShouldBe("v1.32.0+ops-sandbox");
        foreach (var path in new[] { "/readyz", "/livez", "/healthz" })
            (await Http.GetStringAsync(new Uri(path, UriKind.Relative), Cancel)).ShouldBe("ok");
        await CreateConfigMapAsync("a");
        (await Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancel)).ShouldContain("apiserver_request_total{verb=\"CREATE\",group=\"\",resource=\"configmaps\",code=\"201\"} 1");
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => m is { Key: "$ref", Value: JsonValue v } ? [v.GetValue<string>()] : References(m.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };

    private async Task<HttpResponseMessage> GetAsync(string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/apis");
        request.Headers.TryAddWithoutValidation("Accept", Aggregated);
        if (tag is not null) request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        return await Http.SendAsync(request, Cancel);
    }
}
