using System.Net;
using System.Text.Json.Nodes;
using k8s;
using Ops.Api;
using Ops.Cli.Kustomize;
using Ops.Cli.Up;

namespace Ops.Cli.Train;

/// <summary>The running <c>./ops up</c> as a training sees it: a route with its pools, and where its policy goes.</summary>
internal sealed class TrainedCluster : IDisposable
{
    private readonly ClusterClient cluster;

    private TrainedCluster(ClusterClient cluster) => this.cluster = cluster;

    /// <exception cref="UserError">None runs.</exception>
    public static TrainedCluster Find(string? state)
    {
        var folder = Path.GetFullPath(state ?? StateFolder.DefaultPath);
        var running = StateFolder.Find(folder)
            ?? throw new UserError($"No ./ops up is ready in {folder}; start one in another terminal, or read the route from files with --file manifests/samples.");
        return new(ClusterClient.Of(running));
    }

    /// <inheritdoc/>
    public void Dispose() => cluster.Dispose();

    /// <summary>Reads the route and the pools of its namespace.</summary>
    /// <exception cref="UserError">There is no such route.</exception>
    public async Task<(ModelRoute Route, IReadOnlyList<ModelPool> Pools)> ReadAsync((string Space, string Name) route, CancellationToken cancellation)
    {
        var found = await cluster.GetAsync(PathOf(route), cancellation)
            ?? throw new UserError($"There is no ModelRoute {route.Name} in namespace {route.Space}; kubectl get mr -A lists those there are.");
        var pools = await cluster.ListAsync($"{Root(route.Space)}/{ModelPool.PluralName}", cancellation);
        return (KubernetesJson.Deserialize<ModelRoute>(found.ToJsonString()), [.. pools.Select(pool => KubernetesJson.Deserialize<ModelPool>(pool.ToJsonString()))]);
    }

    /// <summary>Where the engines in the pods of a namespace show their metrics, by the name of the pool that the pods are of.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<Uri>>> EnginesAsync(string space, IReadOnlyList<ModelPool> pools, CancellationToken cancellation)
    {
        var ports = pools.ToDictionary(pool => pool.Metadata.Name, pool => pool.Spec.Engine.EffectivePort, StringComparer.Ordinal);
        var pods = await cluster.ListAsync($"/api/v1/namespaces/{space}/pods?labelSelector={Labels.Pool}", cancellation);
        var found = from pod in pods
                    let pool = (string?)pod["metadata"]?["labels"]?[Labels.Pool]
                    where pool is not null && ports.ContainsKey(pool) && (string?)pod["status"]?["phase"] == "Running"
                    where IPAddress.TryParse((string?)pod["status"]?["podIP"], out _)
                    group new Uri($"http://{(string)pod["status"]!["podIP"]!}:{ports[pool]}/metrics") by pool;
        return found.ToDictionary(pool => pool.Key, pool => (IReadOnlyList<Uri>)[.. pool], StringComparer.Ordinal);
    }

    /// <summary>The file of the route's present policy.</summary>
    /// <exception cref="UserError">The route asks for none, or it is not there.</exception>
    public async Task<byte[]> PolicyAsync(ModelRoute route, CancellationToken cancellation)
    {
        var name = $"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}";
        if (route.Spec.EffectivePolicy is not { EffectiveType: PolicyTypes.Learned, PolicyRef: { } map })
            throw new UserError($"ModelRoute {name} has no learned policy that could be continued; ./ops train --route {route.Metadata.Name} makes one.");
        var found = await cluster.GetAsync($"/api/v1/namespaces/{WellKnown.SystemNamespace}/configmaps/{map}", cancellation);
        return (string?)found?["binaryData"]?[WellKnown.PolicyEntry] is { } policy
            ? Convert.FromBase64String(policy)
            : throw new UserError($"ConfigMap {WellKnown.SystemNamespace}/{map} with the policy of {name} does not exist or has no {WellKnown.PolicyEntry}; ./ops train --route {route.Metadata.Name} writes it.");
    }

    /// <summary>Where each running router tells of its choices and of what exploration led to, by the pod's name.</summary>
    public async Task<IReadOnlyDictionary<string, Uri>> RoutersAsync(CancellationToken cancellation)
    {
        var pods = await cluster.ListAsync($"/api/v1/namespaces/{WellKnown.SystemNamespace}/pods?labelSelector={Labels.Component}={Labels.Router}", cancellation);
        var found = from pod in pods
                    let port = (pod["spec"]?["containers"] as JsonArray ?? []).SelectMany(container => container?["ports"] as JsonArray ?? []).FirstOrDefault(port => (string?)port?["name"] == "decisions")
                    where port is not null && (string?)pod["status"]?["phase"] == "Running" && IPAddress.TryParse((string?)pod["status"]?["podIP"], out _)
                    select KeyValuePair.Create((string)pod["metadata"]!["name"]!, new Uri($"http://{(string)pod["status"]!["podIP"]!}:{(int)port["containerPort"]!}"));
        return found.ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>Writes the policy's ConfigMap and has the route ask for it.</summary>
    /// <returns>Namespace and name of the ConfigMap.</returns>
    public async Task<string> PutToUseAsync((string Space, string Name) route, byte[] policy, CancellationToken cancellation)
    {
        var name = $"policy-{route.Space}-{route.Name}";
        var theirs = await cluster.ApplyAsync(new Manifest(ConfigMap(name, policy), "ops train"), cancellation);
        if (theirs.Count > 0)
            throw new UserError($"ConfigMap {name} was changed by someone else ({string.Join(", ", theirs)}) and is left as it is; delete it and train again.");
        await cluster.MergeAsync(PathOf(route), new JsonObject
        {
            ["spec"] = new JsonObject { ["policy"] = new JsonObject { ["type"] = PolicyTypes.Learned, ["policyRef"] = name } },
        }, cancellation);
        return $"{WellKnown.SystemNamespace}/{name}";
    }

    private static JsonObject ConfigMap(string name, byte[] policy) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = WellKnown.SystemNamespace,
            ["labels"] = new JsonObject { [Labels.LearnedPolicy] = "true" },
        },
        ["binaryData"] = new JsonObject { [WellKnown.PolicyEntry] = Convert.ToBase64String(policy) },
    };

    private static string PathOf((string Space, string Name) route) => $"{Root(route.Space)}/{ModelRoute.PluralName}/{route.Name}";

    private static string Root(string space) => $"/apis/{ApiGroup.Name}/{ApiGroup.Version}/namespaces/{space}";
}
