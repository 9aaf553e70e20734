using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Ops.Api;
using Ops.Kube;
using Ops.Sandbox.Api;
using Ops.Testing;
using static Ops.Router.Tests.RouterHost;

namespace Ops.Router.Tests;

/// <summary>The router with its configuration from an API server, with the rights of its own service account and no more.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private const string Key = "sk-cluster-1";

    private ApiServer _server = null!;
    private Upstream _upstream = null!;
    private RouterHost _router = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.StartAsync(new ApiServerOptions());
        foreach (var file in (string[])["crds/modelpools.yaml", "crds/modelroutes.yaml", "deploy/namespace.yaml", "rbac/router.yaml"])
            Apply(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "manifests", file)));
        _upstream = await Upstream.StartAsync("pod-a");
        _router = await RouterHost.StartAsync(services =>
        {
            services.AddSingleton(_ => new KubeClient(KubernetesClientConfiguration.BuildConfigFromConfigFile(
                new MemoryStream(Encoding.UTF8.GetBytes(_server.KubeconfigFor(_server.IssueServiceAccountToken(WellKnown.SystemNamespace, "router")))))));
            RouterApp.AddTableFromCluster(services);
        }, Key);
    }

    public async ValueTask DisposeAsync()
    {
        await _router.DisposeAsync();
        await _upstream.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Routes_endpoints_and_keys_take_effect_as_they_are_written()
    {
        await Eventually.TrueAsync(async () => (await _router.Client.GetAsync(new Uri("/readyz", UriKind.Relative))).IsSuccessStatusCode, "the router is not ready");
        using (var closed = await _router.ChatAsync())
            await ExpectErrorAsync(closed, HttpStatusCode.Unauthorized, "no_api_keys");

        CreateKeys(Key);
        await EventuallyAsync(HttpStatusCode.NotFound);

        var local = _server.Local;
        local.Create(Pool("large"));
        local.Create(new ModelRoute
        {
            ApiVersion = "ops.autonomic.dev/v1alpha1",
            Metadata = new() { Name = "chat", NamespaceProperty = "default" },
            Spec = new() { Timeouts = new() { ReplicaReady = "0s" }, Variants = [new VariantSpec { Pool = "large", Quality = new Dictionary<string, double> { ["default"] = 0.9 } }] },
        });
        await EventuallyAsync(HttpStatusCode.ServiceUnavailable);

        var uri = new Uri(_upstream.Address.Url);
        local.Create(new V1EndpointSlice
        {
            ApiVersion = "discovery.k8s.io/v1",
            Kind = "EndpointSlice",
            Metadata = new() { Name = "large-1", NamespaceProperty = "default", Labels = new Dictionary<string, string> { [Labels.ServiceName] = "large" } },
            AddressType = "IPv4",
            // kube-apiserver refuses loopback addresses here; the sandbox's pods have no others.
            Ports = [new Discoveryv1EndpointPort { Name = "http", Port = uri.Port, Protocol = "TCP" }],
            Endpoints = [new V1Endpoint { Addresses = [uri.Host], Conditions = new() { Ready = true }, TargetRef = new() { Kind = "Pod", Name = "pod-a", NamespaceProperty = "default" } }],
        });
        using (var answered = await EventuallyAsync(HttpStatusCode.OK))
            answered.Headers.GetValues("x-ops-replica").ShouldBe(["pod-a"]);
        Encoding.UTF8.GetString(_upstream.Received.Last().Body).ShouldContain("\"vendor/large\"");

        local.Patch<ModelRoute>("default", "chat", new JsonObject { ["spec"] = new JsonObject { ["suspend"] = true } });
        using (var suspended = await EventuallyAsync(HttpStatusCode.ServiceUnavailable))
            await ExpectErrorAsync(suspended, HttpStatusCode.ServiceUnavailable, "route_suspended");

        local.Patch<ModelRoute>("default", "chat", new JsonObject { ["spec"] = new JsonObject { ["suspend"] = false } });
        (await EventuallyAsync(HttpStatusCode.OK)).Dispose();

        // A rotated key works at once and the old one no more, without a restart.
        local.Delete<V1Secret>(WellKnown.SystemNamespace, "router-keys");
        CreateKeys("sk-cluster-2");
        (await EventuallyAsync(HttpStatusCode.Unauthorized)).Dispose();
        _router.Client.DefaultRequestHeaders.Authorization = new("Bearer", "sk-cluster-2");
        (await EventuallyAsync(HttpStatusCode.OK)).Dispose();

        local.Delete<ModelRoute>("default", "chat");
        using var gone = await EventuallyAsync(HttpStatusCode.NotFound);
        await ExpectErrorAsync(gone, HttpStatusCode.NotFound, "model_not_found");
    }

    private async Task<HttpResponseMessage> EventuallyAsync(HttpStatusCode status)
    {
        HttpResponseMessage? response = null;
        await Eventually.TrueAsync(
            async () =>
            {
                response?.Dispose();
                response = await _router.ChatAsync();
                return response.StatusCode == status;
            },
            $"the answer is not {status}");
        return response!;
    }

    private void CreateKeys(string key) => _server.Local.Create(new V1Secret
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Metadata = new() { Name = "router-keys", NamespaceProperty = WellKnown.SystemNamespace, Labels = new Dictionary<string, string> { [Labels.ApiKeys] = "true" } },
        Data = new Dictionary<string, byte[]> { ["tester"] = Encoding.UTF8.GetBytes(key) },
    });

    private static ModelPool Pool(string name) => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "default" },
        Spec = new() { Model = $"vendor/{name}", Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3" } },
    };

    private void Apply(string yaml)
    {
        foreach (var item in KubernetesYaml.LoadAllFromString(yaml))
        {
            var json = JsonNode.Parse(KubernetesJson.Serialize(item))!.AsObject();
            var kind = _server.Local.FindKind(json["apiVersion"]!.GetValue<string>(), json["kind"]!.GetValue<string>()).ShouldNotBeNull();
            _server.Local.Create(kind, json);
        }
    }
}
