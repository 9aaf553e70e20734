using System.Net.Http.Headers;
using System.Text;
using k8s;
using Ops.Sandbox.Api;
using Ops.Testing;

namespace Ops.KubeFuzz.Tests;

/// <summary>The servers that the same checks are put to: the sandbox, and a real etcd and kube-apiserver where there is one.</summary>
public sealed class Servers : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private ApiServer? sandbox;
    private RealControlPlane? real;

    /// <summary>Address and administrator's token of a server, with the CRDs of this repository installed; skips the test where it cannot be had.</summary>
    public async Task<(string Url, string Token)> GetAsync(string name)
    {
        await gate.WaitAsync();
        try
        {
            if (name == "sandbox")
            {
                if (sandbox is null)
                {
                    sandbox = await ApiServer.StartAsync(new ApiServerOptions());
                    await InstallAsync(sandbox.Url, sandbox.AdminToken);
                }

                return (sandbox.Url, sandbox.AdminToken);
            }

            if (real is null)
            {
                await KubeBinaries.EnsureInCiAsync(Repository.Root, Console.Error.WriteLine, CancellationToken.None);
                if (KubeBinaries.WhyMissing() is { } why)
                    Assert.Skip(why);
                real = await RealControlPlane.StartAsync(new ControlPlaneOptions(), CancellationToken.None);
                await InstallAsync(real.Url.ToString(), real.AdminToken);
            }

            return (real.Url.ToString(), real.AdminToken);
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        gate.Dispose();
        if (sandbox is not null)
            await sandbox.DisposeAsync();
        if (real is not null)
            await real.DisposeAsync();
    }

    private static async Task InstallAsync(string url, string token)
    {
        using var kubernetes = new Kubernetes(new KubernetesClientConfiguration { Host = url, SkipTlsVerify = true });
        var yaml = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "manifests", "crds", "modelpools.yaml"));
        using var create = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(url), "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"))
        {
            Content = new StringContent(yaml, Encoding.UTF8, "application/yaml"),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
        using var created = await kubernetes.HttpClient.SendAsync(create);
        created.EnsureSuccessStatusCode();

        // Served from the moment on when its condition Established is true.
        for (var i = 0; i < 200; i++)
        {
            using var list = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(url), "/apis/ops.autonomic.dev/v1alpha1/modelpools"))
            {
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
            };
            using var answer = await kubernetes.HttpClient.SendAsync(list);
            if (answer.IsSuccessStatusCode)
                return;
            await Task.Delay(50);
        }

        throw new TimeoutException("The CRD was not served within 10 s.");
    }
}
