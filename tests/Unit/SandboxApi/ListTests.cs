using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ops.Sandbox.Api;

namespace Ops.SandboxApi.Tests;

public sealed class ListTests : ApiTest
{
    private readonly FakeTimeProvider _time = new();

    protected override ApiServerOptions Options() => new() { TimeProvider = _time };

    [Fact]
    public async Task Pages_come_from_one_snapshot_whatever_is_written_between()
    {
        for (var i = 0; i < 5; i++) await CreateConfigMapAsync($"a{i}");
        var first = await ExpectAsync(200, "GET", $"{ConfigMaps}?limit=2");
        Names(first).ShouldBe(["a0", "a1"]);
        first["metadata"]!["remainingItemCount"]!.GetValue<int>().ShouldBe(3);
        await ExpectAsync(200, "DELETE", $"{ConfigMaps}/a3");
        await CreateConfigMapAsync("a2b");
        await ExpectAsync(200, "PATCH", $"{ConfigMaps}/a4", new JsonObject { ["data"] = new JsonObject { ["a"] = "2" } }, "application/merge-patch+json");
        var second = await ExpectAsync(200, "GET", $"{ConfigMaps}?limit=2&continue={Continue(first)}");
        Names(second).ShouldBe(["a2", "a3"]);
        Revision(second).ShouldBe(Revision(first));
        var third = await ExpectAsync(200, "GET", $"{ConfigMaps}?limit=2&continue={Continue(second)}");
        Names(third).ShouldBe(["a4"]);
        third["items"]![0]!["data"]!["a"]!.GetValue<string>().ShouldBe("1");
        third["metadata"]!["continue"].ShouldBeNull();
    }

    [Fact]
    public async Task Resource_version_zero_ignores_the_limit()
    {
        for (var i = 0; i < 3; i++) await CreateConfigMapAsync($"a{i}");
        Names(await ExpectAsync(200, "GET", $"{ConfigMaps}?limit=1&resourceVersion=0")).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_malformed_token_is_400_and_a_compacted_one_410_with_a_token_that_works()
    {
        for (var i = 0; i < 3; i++) await CreateConfigMapAsync($"a{i}");
        await ExpectAsync(400, "GET", $"{ConfigMaps}?limit=1&continue=nonsense");
        var old = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"v":"meta.k8s.io/v1","rv":1,"start":"default/a0\u0000"}""")).TrimEnd('=');
        var expired = await ExpectAsync(410, "GET", $"{ConfigMaps}?limit=1&continue={old}");
        expired["reason"]!.GetValue<string>().ShouldBe("Expired");
        Names(await ExpectAsync(200, "GET", $"{ConfigMaps}?limit=1&continue={Continue(expired)}")).ShouldBe(["a1"]);
    }

    [Fact]
    public async Task An_exact_revision_shows_the_past()
    {
        var first = await CreateConfigMapAsync("a");
        await CreateConfigMapAsync("b");
        Names(await ExpectAsync(200, "GET", $"{ConfigMaps}?resourceVersion={Revision(first)}&resourceVersionMatch=Exact")).ShouldBe(["a"]);
        await ExpectAsync(410, "GET", $"{ConfigMaps}?resourceVersion=1&resourceVersionMatch=Exact");
    }

    [Fact]
    public async Task A_revision_from_the_future_waits_a_little_and_is_504()
    {
        var answer = ExpectAsync(504, "GET", $"{ConfigMaps}?resourceVersion=999999");
        while (!answer.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancel);
        }

        var status = await answer;
        status["details"]!["causes"]![0]!["reason"]!.GetValue<string>().ShouldBe("ResourceVersionTooLarge");
        status["details"]!["retryAfterSeconds"]!.GetValue<int>().ShouldBe(1);
    }

    [Theory]
    [InlineData("labelSelector=app%3Dweb", "a")]
    [InlineData("labelSelector=app!%3Dweb", "b,c")]
    [InlineData("labelSelector=app%20in%20(web,api)", "a,b")]
    [InlineData("labelSelector=!app", "c")]
    [InlineData("labelSelector=app,app%20notin%20(web)", "b")]
    [InlineData("fieldSelector=metadata.name%3Db", "b")]
    [InlineData("fieldSelector=metadata.name!%3Db,metadata.namespace%3Ddefault", "a,c")]
    public async Task Selectors_select(string query, string expected)
    {
        await CreateConfigMapAsync("a", ("app", "web"));
        await CreateConfigMapAsync("b", ("app", "api"));
        await CreateConfigMapAsync("c");
        string.Join(',', Names(await ExpectAsync(200, "GET", $"{ConfigMaps}?{query}"))).ShouldBe(expected);
    }

    [Theory]
    [InlineData("fieldSelector=spec.foo%3Da")]
    [InlineData("labelSelector=a%20in%20b")]
    [InlineData("limit=abc")]
    [InlineData("resourceVersion=abc")]
    public async Task A_query_that_makes_no_sense_is_400(string query) => await ExpectAsync(400, "GET", $"{ConfigMaps}?{query}");

    [Fact]
    public async Task Pods_are_selected_by_node_and_phase()
    {
        await ExpectAsync(201, "POST", Pods, Pod("on-n1", "n1"));
        await ExpectAsync(201, "POST", Pods, Pod("nowhere"));
        Names(await ExpectAsync(200, "GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1,status.phase!%3DFailed")).ShouldBe(["on-n1"]);
        Names(await ExpectAsync(200, "GET", "/api/v1/pods?fieldSelector=spec.nodeName%3D")).ShouldBe(["nowhere"]);
    }

    [Fact]
    public async Task Items_of_built_in_lists_carry_no_kind_and_those_of_custom_lists_do()
    {
        await CreateWidgetKindAsync();
        await CreateConfigMapAsync("a");
        await ExpectAsync(201, "POST", Widgets, Widget("w"));
        var maps = await ExpectAsync(200, "GET", ConfigMaps);
        maps["items"]![0]!["kind"].ShouldBeNull();
        maps["items"]![0]!["metadata"]!["name"]!.GetValue<string>().ShouldBe("a");
        var widgets = await ExpectAsync(200, "GET", Widgets);
        widgets["items"]![0]!["kind"]!.GetValue<string>().ShouldBe("Widget");
        widgets["metadata"]!["continue"]!.GetValue<string>().ShouldBe("");
    }

    [Fact]
    public async Task A_namespace_that_does_not_exist_lists_nothing() =>
        Names(await ExpectAsync(200, "GET", "/api/v1/namespaces/nons/configmaps")).ShouldBeEmpty();

    private static string Continue(JsonObject list) => Uri.EscapeDataString(list["metadata"]!["continue"]!.GetValue<string>());
}
