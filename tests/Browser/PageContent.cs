using static System.Net.Http.HttpMethod;

namespace Ops.Browser;

/// <summary>An incident, a plan and a store for pages to show, as their controllers leave them, in a namespace where none looks; gone with the test.</summary>
internal sealed class PageContent : IAsyncDisposable
{
    public const string Incident = "/incidents?incident=pages%2Fslow";
    public const string Plan = "/remediations?plan=pages%2Fplan";
    public const string Store = "/stores?store=pages%2Fcarts";

    private const string Group = "/apis/ops.autonomic.dev/v1alpha1/namespaces/pages";
    private const string Merge = "application/merge-patch+json";

    private static readonly string[] Objects = ["incidents/slow", "remediations/plan", "shardedstores/carts"];

    private readonly Dashboard dashboard;

    private PageContent(Dashboard dashboard) => this.dashboard = dashboard;

    public static async Task<PageContent> MakeAsync(Dashboard dashboard)
    {
        using var known = await dashboard.Cluster.GetAsync("/api/v1/namespaces/pages", TestContext.Current.CancellationToken);
        if (!known.IsSuccessStatusCode)
            await dashboard.SendAsync(Post, "/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"pages"}}""");
        await dashboard.SendAsync(Post, $"{Group}/incidents", """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Incident","metadata":{"name":"slow"},"spec":{}}""");
        await dashboard.SendAsync(Patch, $"{Group}/incidents/slow/status", Live_tests.Status.Replace("shop", "pages", StringComparison.Ordinal), Merge);
        await dashboard.SendAsync(Post, $"{Group}/remediations", """
            {"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Remediation","metadata":{"name":"plan"},"spec":{"policy":"policy","incident":"slow","cause":"BadImage","attempt":1,"approveWithin":"15m",
             "rationale":"It was well before the image of its pod template changed.","actions":[{"type":"RestoreTemplate","target":{"kind":"Deployment","name":"catalog"},"parameters":{"state":"d3b07384d113edec49eaa6238ad5ff00d3b07384d113edec49eaa6238ad5ff00"}}]}}
            """);
        await dashboard.SendAsync(Patch, $"{Group}/remediations/plan/status", """
            {"status":{"phase":"Succeeded","reason":"The symptom stayed away for 30s.","planHash":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","noInverse":"It is made for a test.",
             "steps":[{"state":"Done","changes":[{"path":"/spec/template/spec/containers/0/image","before":"\"registry.example.com/shop/catalog-with-a-rather-long-name:2026-03-04-broken\"","after":"\"registry.example.com/shop/catalog-with-a-rather-long-name:2026-03-03\""}]}],
             "audit":[{"time":"2026-03-04T12:00:00Z","event":"Proposed","detail":"Proposed it","hash":"134eee6fe9337f9bb800eb9c638bf3fd5466cfb005e8beb1a12085501205d3b6"}]}}
            """, Merge);
        await dashboard.SendAsync(Post, $"{Group}/shardedstores", """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"ShardedStore","metadata":{"name":"carts"},"spec":{"suspend":true,"engine":{"type":"redis"},"shards":3,"replicasPerShard":1}}""");
        await dashboard.SendAsync(Patch, $"{Group}/shardedstores/carts/status", """
            {"status":{"shards":[{"name":"s0","primary":"carts-s0-0","slots":8192,"slotRanges":"0-8191","keys":1200,"operationsPerSecond":40},{"name":"s1","primary":"carts-s1-0","slots":8192,"slotRanges":"8192-16383","keys":1100,"operationsPerSecond":90}]}}
            """, Merge);
        return new(dashboard);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var path in Objects)
            (await dashboard.Cluster.DeleteAsync($"{Group}/{path}", TestContext.Current.CancellationToken)).Dispose();
    }
}
