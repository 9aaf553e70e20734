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
