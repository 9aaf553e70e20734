using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Sandbox.Api;
using Ops.Testing;

namespace Ops.Bench.Router;

/// <summary>
/// The real router executable with everything switched on: configuration and API key from an API server, two
/// variants, metrics of the replicas read once a second, access log written to a file.
/// </summary>
internal sealed class RouterUnderTest : IAsyncDisposable
{
    private const string ApiKey = "sk-bench-0123456789abcdef0123456789abcdef";

    private const string NeighbourKey = "sk-bench-fedcba9876543210fedcba9876543210";

    private readonly ApiServer _server;
    private readonly ChildProcess _process;

    private RouterUnderTest(ApiServer server, ChildProcess process, int port)
    {
        _server = server;
        _process = process;
        Contender = new Contender("ops", "Ops router", new IPEndPoint(IPAddress.Loopback, port), process.Id, [("Authorization", $"Bearer {ApiKey}")]);
        Neighbour = Contender with { Headers = [("Authorization", $"Bearer {NeighbourKey}")] };
    }

    /// <summary>How to reach it.</summary>
    internal Contender Contender { get; }

    /// <summary>The same with another tenant's key.</summary>
    internal Contender Neighbour { get; }

    /// <summary>Starts API server and router, and waits until a request would be served.</summary>
    internal static async Task<RouterUnderTest> StartAsync(IPEndPoint upstream, string folder, CancellationToken cancellation)
    {
        var server = await ApiServer.StartAsync(new ApiServerOptions(), cancellation);
        foreach (var file in (string[])["crds/modelpools.yaml", "crds/modelroutes.yaml", "deploy/namespace.yaml", "rbac/router.yaml"])
            Apply(server.Local, await File.ReadAllTextAsync(Path.Combine(Repository.Root, "manifests", file), cancellation));
        Populate(server.Local, upstream);

        var kubeconfig = Path.Combine(folder, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, server.KubeconfigFor(server.IssueServiceAccountToken(WellKnown.SystemNamespace, "router")), cancellation);
        var port = Wire.FreePort();
        // Straight into a file: a reader of its log lines on the same cores would count as the router's latency.
        var process = ChildProcess.Start(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\" > \"$BENCH_LOG\" 2>&1", Repository.Executable("Ops.Router"), "--urls", $"http://127.0.0.1:{port}"],
            Path.Combine(folder, "router.out"),
            new Dictionary<string, string?> { ["KUBECONFIG"] = kubeconfig, ["POD_NAMESPACE"] = WellKnown.SystemNamespace, ["BENCH_LOG"] = Path.Combine(folder, "router.log") });
        var router = new RouterUnderTest(server, process, port);
        try
        {
            await Peers.UntilServedAsync(router.Contender, cancellation);
            return router;
        }
        catch
        {
            await router.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static void Populate(LocalClient local, IPEndPoint upstream)
    {
        local.Create(new V1Secret
        {
            ApiVersion = "v1",
            Kind = "Secret",
            Metadata = new() { Name = "router-keys", NamespaceProperty = WellKnown.SystemNamespace, Labels = new Dictionary<string, string> { [Labels.ApiKeys] = "true" } },
            Data = new Dictionary<string, byte[]> { ["bench"] = Encoding.ASCII.GetBytes(ApiKey), ["neighbour"] = Encoding.ASCII.GetBytes(NeighbourKey) },
        });
        Pool(local, "large", upstream);
        Pool(local, "small", upstream);
        local.Create(new ModelRoute
        {
            ApiVersion = $"{ApiGroup.Name}/{ApiGroup.Version}",
            Metadata = new() { Name = Wire.Model, NamespaceProperty = "default" },
            Spec = new()
            {
                Variants =
                [
                    new VariantSpec { Pool = "large", Quality = new Dictionary<string, double> { ["default"] = 0.9 } },
                    new VariantSpec { Pool = "small", Quality = new Dictionary<string, double> { ["default"] = 0.6 } },
                ],
            },
        });
    }

    private static void Pool(LocalClient local, string name, IPEndPoint upstream)
    {
        local.Create(new ModelPool
        {
            ApiVersion = $"{ApiGroup.Name}/{ApiGroup.Version}",
            Metadata = new() { Name = name, NamespaceProperty = "default" },
            Spec = new() { Model = $"vendor/{name}", Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3" } },
        });
        local.Create(new V1EndpointSlice
        {
            ApiVersion = "discovery.k8s.io/v1",
            Kind = "EndpointSlice",
            Metadata = new() { Name = $"{name}-1", NamespaceProperty = "default", Labels = new Dictionary<string, string> { [Labels.ServiceName] = name } },
            AddressType = "IPv4",
            Ports = [new Discoveryv1EndpointPort { Name = WellKnown.HttpPortName, Port = upstream.Port, Protocol = "TCP" }],
            Endpoints = [new V1Endpoint { Addresses = [upstream.Address.ToString()], Conditions = new() { Ready = true }, TargetRef = new() { Kind = "Pod", Name = $"{name}-0", NamespaceProperty = "default" } }],
        });
    }

    private static void Apply(LocalClient local, string yaml)
    {
        foreach (var item in KubernetesYaml.LoadAllFromString(yaml))
        {
            var json = JsonNode.Parse(KubernetesJson.Serialize(item))!.AsObject();
            var (version, kind) = (json["apiVersion"]!.GetValue<string>(), json["kind"]!.GetValue<string>());
            local.Create(local.FindKind(version, kind) ?? throw new InvalidOperationException($"The API server does not know {version} {kind}"), json);
        }
    }
}
