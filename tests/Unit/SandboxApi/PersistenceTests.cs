using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Sandbox.Api;

namespace Ops.SandboxApi.Tests;

public sealed class PersistenceTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ops-state-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task State_survives_a_restart_with_its_revisions_tokens_and_custom_kinds()
    {
        var path = Path.Combine(_directory.FullName, "state.db");
        string token, kubeconfig, revision;
        await using (var first = await StartAsync(path))
        {
            first.Local.Create(first.Local.FindKind("apiextensions.k8s.io/v1", "CustomResourceDefinition")!, (JsonObject)JsonNode.Parse(Samples.WidgetCrd("widgets", "Widget", "wd"))!);
            revision = first.Local.Create(Map("kept")).Metadata.ResourceVersion;
            first.Local.Create(Map("gone"));
            first.Local.Delete<V1ConfigMap>("default", "gone");
            (token, kubeconfig) = (first.AdminToken, first.KubeconfigFor("t"));
        }

        await using var second = await StartAsync(path);
        second.AdminToken.ShouldBe(token);
        CertificateOf(second.KubeconfigFor("t")).ShouldBe(CertificateOf(kubeconfig));
        second.Local.Get<V1ConfigMap>("default", "kept")!.Metadata.ResourceVersion.ShouldBe(revision);
        second.Local.Get<V1ConfigMap>("default", "gone").ShouldBeNull();
        second.Local.FindKind("example.test/v1", "Widget").ShouldNotBeNull();
        long.Parse(second.Local.Create(Map("later")).Metadata.ResourceVersion).ShouldBeGreaterThan(long.Parse(revision) + 2);
    }

    [Fact]
    public async Task A_crash_loses_no_acknowledged_write()
    {
        var path = Path.Combine(_directory.FullName, "live.db");
        await using var server = await StartAsync(path);
        for (var i = 0; i < 100; i++)
        {
            server.Local.Create(Map($"m{i}"));
            if (i % 25 != 24) continue;

            // The files as a killed process would leave them: database and write-ahead log, nothing closed.
            var crashed = Path.Combine(_directory.FullName, $"crashed-{i}.db");
            foreach (var suffix in new[] { "", "-wal" }) File.Copy(path + suffix, crashed + suffix);
            await using var revived = await StartAsync(crashed);
            revived.Local.List<V1ConfigMap>("default").Count.ShouldBe(i + 1);
        }
    }

    private static Task<ApiServer> StartAsync(string path) => ApiServer.StartAsync(new ApiServerOptions { StatePath = path }, Cancel);

    private static V1ConfigMap Map(string name) => new() { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" } };

    private static string CertificateOf(string kubeconfig) => kubeconfig.Split('\n').Single(l => l.Contains("certificate-authority-data", StringComparison.Ordinal)).Trim();
}
