using System.Text.Json.Nodes;

namespace Ops.Contract.Tests;

/// <summary>Checks 1 to 8.</summary>
public abstract class DiscoveryChecks(IServer server) : ContractTest(server)
{
    [Theory]
    [InlineData("/readyz")]
    [InlineData("/livez")]
    [InlineData("/healthz")]
    public async Task Health_answers_ok(string path) => (await Api.Get(path, "*/*")).Expect(200).Text.ShouldBe("ok");

    [Fact]
    public async Task Version_names_major_minor_and_git_version()
    {
        var version = (await Api.Get("/version")).Expect(200);
        version.TextAt("gitVersion").ShouldNotBeNull().ShouldStartWith("v");
        Assert.SkipWhen(version.TextAt("major") == "", "this server was built without its version");
        version.TextAt("major").ShouldBe("1");
        version.TextAt("minor").ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("/api", "APIVersions")]
    [InlineData("/apis", "APIGroupList")]
    public async Task Aggregated_discovery_is_v2_or_the_plain_list(string path, string plain)
    {
        var reply = (await Api.Get(path, Api.Discovery)).Expect(200);
        if (reply.ContentType.Contains("as=APIGroupDiscoveryList"))
        {
            reply.TextAt("kind").ShouldBe("APIGroupDiscoveryList");
            reply.ContentType.ShouldContain("g=apidiscovery.k8s.io;v=v2");
        }
        else
            reply.TextAt("kind").ShouldBe(plain);
    }

    [Theory]
    [InlineData("/api", "APIVersions")]
    [InlineData("/apis", "APIGroupList")]
    [InlineData("/apis/apps", "APIGroup")]
    [InlineData("/apis/apps/v1", "APIResourceList")]
    [InlineData("/api/v1", "APIResourceList")]
    public async Task Plain_discovery_lists_what_is_served(string path, string kind) => (await Api.Get(path)).Expect(200).TextAt("kind").ShouldBe(kind);

    [Fact]
    public async Task An_unchanged_discovery_document_is_304_or_the_same()
    {
        var first = await Api.Send(HttpMethod.Get, "/apis", null, accept: Api.Discovery);
        var again = await Api.Send(HttpMethod.Get, "/apis", null, accept: Api.Discovery, ifNoneMatch: first.ETag);
        // Other checks may add a kind in between; then both differ and neither rule is broken.
        if (again.Code != 304)
            again.Expect(200).TextAt("kind").ShouldBe(first.TextAt("kind"));
    }

    [Fact]
    public async Task A_new_definition_is_established_and_appears_with_its_subresources()
    {
        var plural = "gadgets" + Ns;
        (await Api.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Widgets.Crd(plural, "Gadget" + Ns.ToUpperInvariant(), "gd" + Ns))).Expect(201);
        try
        {
            await Eventually($"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.example.test",
                r => r.At("status.conditions") is JsonArray c && c.Any(x => x!["type"]!.ToString() == "Established" && x["status"]!.ToString() == "True"));
            var list = await Eventually("/apis/example.test/v1", r => r.Code == 200 && r.Text.Contains(plural + "/scale"));
            var resource = ((JsonArray)list.At("resources")!).Single(r => r!["name"]!.ToString() == plural)!;
            resource["shortNames"]![0]!.ToString().ShouldBe("gd" + Ns);
            resource["categories"]![0]!.ToString().ShouldBe("all");
            list.Text.ShouldContain(plural + "/status");
        }
        finally
        {
            await Api.Delete($"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.example.test");
        }
    }

    [Fact]
    public async Task OpenAPI_v3_has_the_custom_schema_and_the_fieldValidation_parameter_of_patch()
    {
        Needs(25, "OpenAPI v3");
        Reply document;
        var attempts = 0;
        // A kind that another test makes in between changes the document's hash, and its old address leads to the new one.
        do
        {
            var index = await Eventually("/openapi/v3", r => r.Code == 200 && r.Text.Contains("apis/example.test/v1"));
            document = await Api.Get(index.Json!["paths"]!["apis/example.test/v1"]!["serverRelativeURL"]!.ToString());
        }
        while (document.Code == 301 && attempts++ < 20);
        document.Expect(200).Json!["components"]!["schemas"]!["test.example.v1.Widget"]!["properties"]!["spec"]!["properties"]!["mode"]!["enum"].ShouldNotBeNull();
        var patch = document.Json!["paths"]!["/apis/example.test/v1/namespaces/{namespace}/widgets/{name}"]!["patch"]!;
        ((JsonArray)patch["parameters"]!).Select(p => p!["name"]?.ToString()).ShouldContain("fieldValidation");
        SameJson(patch["x-kubernetes-group-version-kind"], """{"group":"example.test","version":"v1","kind":"Widget"}""");
    }

    [Theory]
    [InlineData("/apis/nope.test/v1/things")]
    [InlineData("/apis/apps/v1/nopes")]
    [InlineData("/api/v1/nopes")]
    public async Task An_unknown_group_or_resource_is_404(string path) => (await Api.Get(path)).Expect(404);
}

public sealed class DiscoveryOnSandbox(SandboxServer server) : DiscoveryChecks(server);

public sealed class DiscoveryOnRealServer(RealServer server) : DiscoveryChecks(server);
