using System.Text.Json.Nodes;

namespace Ops.Contract.Tests;

/// <summary>One check against one server, in a namespace of its own.</summary>
public abstract class ContractTest(IServer server) : IAsyncLifetime
{
    private static int _namespaces;

    protected IServer Server => server;

    protected Api Api { get; private set; } = null!;

    /// <summary>Namespace of this check.</summary>
    protected string Ns { get; } = $"c{Interlocked.Increment(ref _namespaces)}";

    protected string WidgetsPath => $"/apis/example.test/v1/namespaces/{Ns}/widgets";

    protected string Core => $"/api/v1/namespaces/{Ns}";

    protected string Deployments => $"/apis/apps/v1/namespaces/{Ns}/deployments";

    public virtual async ValueTask InitializeAsync()
    {
        await server.StartAsync();
        Api = new Api(server);
        (await Api.Post("/api/v1/namespaces", $$$$"""{"metadata":{"name":"{{{{Ns}}}}"}}""")).Expect(201);
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Api is not null)
            await Api.Delete("/api/v1/namespaces/" + Ns);
        GC.SuppressFinalize(this);
    }

    /// <summary>Skips on servers older than a feature.</summary>
    protected void Needs(int minor, string feature) => Assert.SkipWhen(server.Minor < minor, $"{feature} is not in Kubernetes 1.{server.Minor}");

    protected static string Widget(string name, string spec = """{"replicas":1}""", string? metadata = null) =>
        $$$$"""{"apiVersion":"example.test/v1","kind":"Widget","metadata":{"name":"{{{{name}}}}"{{{{(metadata is null ? "" : "," + metadata)}}}}},"spec":{{{{spec}}}}}""";

    protected static string ConfigMap(string name, string data = """{"a":"1"}""") =>
        $$$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{{name}}}}"},"data":{{{{data}}}}}""";

    /// <summary>A deployment whose container sleeps.</summary>
    protected static string Deployment(string name, int replicas = 1, string image = "shell:1") => $$$$$$$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{{{{{{name}}}}}}}}"},"spec":{"replicas":{{{{{{{{replicas}}}}}}}},"selector":{"matchLabels":{"app":"{{{{{{{{name}}}}}}}}"}},
         "template":{"metadata":{"labels":{"app":"{{{{{{{{name}}}}}}}}"}},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"{{{{{{{{image}}}}}}}}","args":["-c","while :; do sleep 1; done"]}]}}}}
        """;

    protected async Task<Reply> Create(string widget) => (await Api.Post(WidgetsPath, widget)).Expect(201);

    /// <summary>Asks again until the answer is right; fails with the last answer after 30 s.</summary>
    protected async Task<Reply> Eventually(string path, Func<Reply, bool> isRight)
    {
        Reply reply = null!;
        for (var attempt = 0; attempt < 300; attempt++)
        {
            reply = await Api.Get(path);
            if (isRight(reply))
                return reply;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new ShouldAssertException($"{path} never came right: {reply.Code} {reply.Text}");
    }

    protected static string Rv(Reply reply) => reply.TextAt("metadata.resourceVersion")!;

    protected static long Generation(Reply reply) => (long)reply.At("metadata.generation")!;

    protected static IEnumerable<string> Names(Reply list) => list.Items.Select(i => i["metadata"]!["name"]!.ToString());

    protected static void SameJson(JsonNode? actual, string expected)
    {
        if (!JsonNode.DeepEquals(actual, JsonNode.Parse(expected)))
            throw new ShouldAssertException($"expected {expected}\n but was {actual?.ToJsonString() ?? "null"}");
    }
}
