using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Tables;

namespace Ops.SandboxApi.Tests;

public sealed class TableTests : ApiTest
{
    private const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

    [Fact]
    public async Task Pods_print_what_a_person_wants_to_know()
    {
        await ExpectAsync(201, "POST", Pods, Pod("p", "n1"));
        await ExpectAsync(200, "PATCH", $"{Pods}/p/status", JsonNode.Parse("""
            {"status":{"phase":"Running","podIP":"127.10.0.1","containerStatuses":[
              {"name":"main","image":"x","imageID":"","ready":false,"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}}
            """), "application/merge-patch+json");
        var table = await ExpectAsync(200, "GET", Pods, accept: Table);
        table["kind"]!.GetValue<string>().ShouldBe("Table");
        Column(table, "Ready").ShouldBe("0/1");
        Column(table, "Status").ShouldBe("CrashLoopBackOff");
        Column(table, "Restarts").ShouldBe("3");
        Column(table, "IP").ShouldBe("127.10.0.1");
        Column(table, "Node").ShouldBe("n1");
        await ExpectAsync(200, "DELETE", $"{Pods}/p");
        Column(await ExpectAsync(200, "GET", $"{Pods}/p", accept: Table), "Status").ShouldBe("Terminating");
    }

    [Fact]
    public async Task Custom_columns_follow_their_paths_and_priorities()
    {
        await CreateWidgetKindAsync();
        await ExpectAsync(201, "POST", Widgets, Widget("w", 4));
        var table = await ExpectAsync(200, "GET", Widgets, accept: Table);
        table["columnDefinitions"]!.AsArray().Select(c => $"{c!["name"]}:{c["priority"]}").ShouldBe(["Name:0", "Replicas:0", "Ready:1", "Age:0"]);
        table["rows"]![0]!["cells"]![1]!.GetValue<int>().ShouldBe(4);
        table["rows"]![0]!["cells"]![2].ShouldBeNull();
        table["rows"]![0]!["object"]!["kind"]!.GetValue<string>().ShouldBe("PartialObjectMetadata");
        (await ExpectAsync(200, "GET", $"{Widgets}?includeObject=None", accept: Table))["rows"]![0]!["object"].ShouldBeNull();
        (await ExpectAsync(200, "GET", $"{Widgets}?includeObject=Object", accept: Table))["rows"]![0]!["object"]!["spec"].ShouldNotBeNull();
        var metadata = await ExpectAsync(200, "GET", Widgets, accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");
        metadata["items"]![0]!["spec"].ShouldBeNull();
    }

    [Fact]
    public async Task Every_stored_kind_can_be_printed_as_a_table()
    {
        foreach (var kind in Server.Local.Kinds)
        {
            var prefix = kind.Group.Length == 0 ? "/api" : $"/apis/{kind.Group}";
            var table = await ExpectAsync(200, "GET", $"{prefix}/{kind.Version}/{kind.Plural}", accept: Table);
            table["columnDefinitions"]!.AsArray().Count.ShouldBeGreaterThan(1, kind.Kind);
        }
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(120, "2m")]
    [InlineData(150, "2m30s")]
    [InlineData(3600, "60m")]
    [InlineData(3 * 3600 + 300, "3h5m")]
    [InlineData(10 * 3600, "10h")]
    [InlineData(49 * 3600, "2d1h")]
    [InlineData(30 * 86400, "30d")]
    public void Ages_read_as_kubectl_prints_them(int seconds, string expected) => CellText.Duration(TimeSpan.FromSeconds(seconds)).ShouldBe(expected);

    [Theory]
    [InlineData(".spec.replicas", "3")]
    [InlineData(".status.conditions[?(@.type==\"Ready\")].status", "True")]
    [InlineData(".status.conditions[0].type", "Other")]
    [InlineData(".status.conditions[-1].type", "Ready")]
    [InlineData(".status.conditions[*].type", "Other")]
    [InlineData(".metadata.labels.app\\.kubernetes\\.io/name", "x")]
    [InlineData(".metadata.labels['app.kubernetes.io/name']", "x")]
    [InlineData(".spec.missing.deeper", "")]
    public void Json_paths_find_their_values(string path, string expected)
    {
        var document = JsonNode.Parse("""
            {"metadata":{"labels":{"app.kubernetes.io/name":"x"}},"spec":{"replicas":3},
             "status":{"conditions":[{"type":"Other","status":"False"},{"type":"Ready","status":"True"}]}}
            """);
        var values = JsonPath.Evaluate(document, path);
        (values.Count == 0 ? "" : JsonPath.AsText(values[0])).ShouldBe(expected);
    }

    private static string Column(JsonObject table, string name)
    {
        var index = table["columnDefinitions"]!.AsArray().ToList().FindIndex(c => c!["name"]!.GetValue<string>() == name);
        return table["rows"]![0]!["cells"]![index]!.ToString();
    }
}
