using System.Text;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Ops.SandboxApi.Tests;

/// <summary>The Kubernetes client library of .NET, through the kubeconfig that people get: TLS, certificate and token.</summary>
public sealed class ClientLibraryTests : ApiTest
{
    [Fact]
    public async Task It_creates_reads_watches_and_deletes()
    {
        using var client = new Kubernetes(await ConfigurationAsync(Server.AdminToken));
        await client.CoreV1.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "a" } }, "default", cancellationToken: Cancel);
        var list = await client.CoreV1.ListNamespacedConfigMapAsync("default", cancellationToken: Cancel);
        list.Items.Single().Metadata.Name.ShouldBe("a");
        var deleted = await client.CoreV1.DeleteNamespacedConfigMapAsync("a", "default", cancellationToken: Cancel);
        deleted.Status.ShouldBe("Success");
        var missing = await Should.ThrowAsync<HttpOperationException>(() => client.CoreV1.ReadNamespacedConfigMapAsync("a", "default", cancellationToken: Cancel));
        ((int)missing.Response.StatusCode).ShouldBe(404);
    }

    [Fact]
    public async Task A_stranger_gets_401()
    {
        using var client = new Kubernetes(await ConfigurationAsync("nonsense"));
        var refused = await Should.ThrowAsync<HttpOperationException>(() => client.CoreV1.ListNamespaceAsync(cancellationToken: Cancel));
        ((int)refused.Response.StatusCode).ShouldBe(401);
    }

    private async Task<KubernetesClientConfiguration> ConfigurationAsync(string token)
    {
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(Server.KubeconfigFor(token)));
        return await KubernetesClientConfiguration.BuildConfigFromConfigFileAsync(file);
    }
}
