using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Sandbox.Api;

namespace Ops.Testing;

/// <summary>
/// The real router executable with its configuration and API key from an API server in this process, under the rights of
/// its own service account. Pools are objects without pods: their endpoints are whatever the caller says.
/// </summary>
public sealed class RouterFleet : IAsyncDisposable
{
    /// <summary>The key of clients.</summary>
    public const string ApiKey = "sk-fleet-0123456789abcdef0123456789abcdef";

    /// <summary>The key of another tenant.</summary>
    public const string NeighbourKey = "sk-fleet-fedcba9876543210fedcba9876543210";

    private const string Namespace = "default";

    private readonly ApiServer _server;
    private readonly string _folder;

    private RouterFleet(ApiServer server, string folder, IPEndPoint address)
    {
        _server = server;
        _folder = folder;
        Address = address;
    }

    /// <summary>The cluster's objects.</summary>
    public LocalClient Local => _server.Local;

    /// <summary>Where the router listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>The router's process.</summary>
    public ChildProcess Router { get; private set; } = null!;

    /// <summary>What the router wrote to its standard streams.</summary>
    public string LogFile => Path.Combine(_folder, "router.log");

    /// <summary>Starts the API server; the caller creates pools and routes and then starts the router.</summary>
    /// <param name="folder">An empty folder for logs and the router's kubeconfig.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<RouterFleet> StartAsync(string folder, CancellationToken cancellation)
    {
        var server = await ApiServer.StartAsync(new ApiServerOptions(), cancellation);
        foreach (var file in (string[])["crds/modelpools.yaml", "crds/modelroutes.yaml", "deploy/namespace.yaml", "rbac/router.yaml"])
            Apply(server.Local, await File.ReadAllTextAsync(Path.Combine(Repository.Root, "manifests", file), cancellation));
        // The server takes new kinds up a moment after their definitions.
        foreach (var kind in (string[])[ModelPool.KindName, ModelRoute.KindName])
        {
            while (server.Local.FindKind($"{ApiGroup.Name}/{ApiGroup.Version}", kind) is null)
                await Task.Delay(10, cancellation);
        }

        server.Local.Create(new V1Secret
        {
            ApiVersion = "v1",
            Kind = "Secret",
            Metadata = new() { Name = "router-keys", NamespaceProperty = WellKnown.SystemNamespace, Labels = new Dictionary<string, string> { [Labels.ApiKeys] = "true" } },
            Data = new Dictionary<string, byte[]> { ["client"] = Encoding.ASCII.GetBytes(ApiKey), ["neighbour"] = Encoding.ASCII.GetBytes(NeighbourKey) },
        });
        return new RouterFleet(server, folder, new IPEndPoint(IPAddress.Loopback, FreePort.Any()));
    }

    /// <summary>Starts the router and waits until it says that it is ready.</summary>
    /// <param name="environment">Settings such as Router__DrainTimeout.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task StartRouterAsync(IReadOnlyDictionary<string, string?> environment, CancellationToken cancellation)
    {
        var kubeconfig = Path.Combine(_folder, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, _server.KubeconfigFor(_server.IssueServiceAccountToken(WellKnown.SystemNamespace, "router")), cancellation);
        var variables = new Dictionary<string, string?>(environment) { ["KUBECONFIG"] = kubeconfig, ["POD_NAMESPACE"] = WellKnown.SystemNamespace, ["ROUTER_LOG"] = LogFile };
        // Straight into a file: a reader of its log lines on the same cores would count as the router's latency.
        Router = ChildProcess.Start(
            "/bin/sh", ["-c", "exec \"$0\" \"$@\" > \"$ROUTER_LOG\" 2>&1", Repository.Executable("Ops.Router"), "--urls", $"http://{Address}"], Path.Combine(_folder, "router.out"), variables);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Address}") };
        for (var attempt = 0; attempt < 600; attempt++)
        {
            if (Router.HasExited)
                break;
            if (await IsReadyAsync(http, cancellation))
                return;
            await Task.Delay(50, cancellation);
        }

        throw new InvalidOperationException($"The router did not become ready: {await File.ReadAllTextAsync(LogFile, cancellation)}");
    }

    /// <summary>Creates a pool of a model that nobody has measured, with the given endpoints.</summary>
    public void CreatePool(string name, params IPEndPoint[] endpoints) => CreatePool(name, $"vendor/{name}", gpus: 1, endpoints);

    /// <summary>Creates a pool of a model on so many H100s a replica, with the given endpoints.</summary>
    public void CreatePool(string name, string model, int gpus, params IPEndPoint[] endpoints)
    {
        Local.Create(new ModelPool
        {
            ApiVersion = $"{ApiGroup.Name}/{ApiGroup.Version}",
            Metadata = new() { Name = name, NamespaceProperty = Namespace },
            Spec = new() { Model = model, Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3", Count = gpus }, Replicas = endpoints.Length },
        });
        Local.Create(new V1EndpointSlice
        {
            ApiVersion = "discovery.k8s.io/v1",
            Kind = "EndpointSlice",
            Metadata = new() { Name = SliceName(name), NamespaceProperty = Namespace, Labels = new Dictionary<string, string> { [Labels.ServiceName] = name } },
            AddressType = "IPv4",
            Ports = [new Discoveryv1EndpointPort { Name = WellKnown.HttpPortName, Port = endpoints.FirstOrDefault()?.Port ?? 8000, Protocol = "TCP" }],
            Endpoints = [.. endpoints.Select(endpoint => Endpoint(name, endpoint))],
        });
    }

    /// <summary>Creates a pool whose model runs in the pod of another pool's only endpoint, with an engine at each port.</summary>
    public void CreateGuest(string name, string model, int gpus, CoResidentSpec guest, IPEndPoint host, params int[] ports)
    {
        Local.Create(new ModelPool
        {
            ApiVersion = $"{ApiGroup.Name}/{ApiGroup.Version}",
            Metadata = new() { Name = name, NamespaceProperty = Namespace },
            Spec = new() { Model = model, Engine = new() { Type = EngineTypes.Simulated }, Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3", Count = gpus }, CoResident = guest },
        });
        Local.Create(new V1EndpointSlice
        {
            ApiVersion = "discovery.k8s.io/v1",
            Kind = "EndpointSlice",
            Metadata = new() { Name = SliceName(name), NamespaceProperty = Namespace, Labels = new Dictionary<string, string> { [Labels.ServiceName] = name } },
            AddressType = "IPv4",
            Ports = [.. ports.Select((port, engine) => new Discoveryv1EndpointPort { Name = WellKnown.HttpPort(engine), Port = port, Protocol = "TCP" })],
            Endpoints = [Endpoint(guest.Host, host)],
        });
    }

    /// <summary>Replaces the endpoints of a pool. All of them have the same port.</summary>
    public void SetEndpoints(string pool, params IPEndPoint[] endpoints) => Local.Patch<V1EndpointSlice>(Namespace, SliceName(pool), new JsonObject
    {
        ["ports"] = new JsonArray(new JsonObject { ["name"] = WellKnown.HttpPortName, ["port"] = endpoints.FirstOrDefault()?.Port ?? 8000, ["protocol"] = "TCP" }),
        ["endpoints"] = JsonNode.Parse(KubernetesJson.Serialize(endpoints.Select(endpoint => Endpoint(pool, endpoint)))),
    });

    /// <summary>Creates a route over pools, the first one best.</summary>
    public void CreateRoute(string name, ModelRouteSpec spec, params string[] pools) =>
        CreateRoute(name, spec with { Variants = [.. pools.Select((pool, i) => new VariantSpec { Pool = pool, Quality = new Dictionary<string, double> { ["default"] = 0.9 / (i + 1) } })] });

    /// <summary>Creates a route.</summary>
    public void CreateRoute(string name, ModelRouteSpec spec) => Local.Create(new ModelRoute
    {
        ApiVersion = $"{ApiGroup.Name}/{ApiGroup.Version}",
        Metadata = new() { Name = name, NamespaceProperty = Namespace },
        Spec = spec,
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Router is not null)
            await Router.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static string SliceName(string pool) => $"{pool}-1";

    private static V1Endpoint Endpoint(string pool, IPEndPoint endpoint) => new()
    {
        Addresses = [endpoint.Address.ToString()],
        Conditions = new() { Ready = true },
        TargetRef = new() { Kind = "Pod", Name = string.Create(CultureInfo.InvariantCulture, $"{pool}-{endpoint.Address}-{endpoint.Port}"), NamespaceProperty = Namespace },
    };

    private static async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancellation)
    {
        try
        {
            using var response = await http.GetAsync(new Uri("/readyz", UriKind.Relative), cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
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
