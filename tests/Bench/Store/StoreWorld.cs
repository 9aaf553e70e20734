using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Ops.Api;
using Ops.Sandbox.Api;
using Ops.Sandbox.Node;
using Ops.Storage.Cluster;
using Ops.Testing;

namespace Ops.Bench.Store;

/// <summary>A sandbox with the manifests' CRDs and roles, the operator as a process with its own account's rights, and stores.</summary>
internal sealed class StoreWorld : IAsyncDisposable
{
    private const string Ns = "default";

    private readonly string _folder = Directory.CreateTempSubdirectory("ops-store-bench-").FullName;
    private readonly LoopbackRanges _addresses = LoopbackRanges.Take((uint)Environment.ProcessId);
    private ApiServer _server = null!;
    private SandboxNode _node = null!;
    private Kubectl _kubectl = null!;
    private ChildProcess? _operator;
    private readonly HashSet<(string Store, DateTime At, string Message)> _restarts = [];
    private int _runs;

    /// <summary>Starts everything; no store exists yet.</summary>
    internal static async Task<StoreWorld> StartAsync(IReadOnlyDictionary<string, ImageEntry> images, CancellationToken cancellation)
    {
        var world = new StoreWorld();
        try
        {
            await world.StartClusterAsync(images, cancellation);
            await world.StartOperatorAsync(cancellation);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a store, and what the bench sees of it.</summary>
    internal Task<StoreSite> CreateAsync(string name, string engine, int shards, int replicas, string rebalancing, CancellationToken cancellation, string more = "") =>
        CreateAsync(name, shards, replicas, $$"""
            engine: {type: {{engine}} }
              durability: {minReplicasToWrite: {{Math.Min(replicas, 1)}} }
              rebalancing: {{rebalancing}}
              {{more}}
            """, cancellation);

    /// <summary>The same with fields of the spec in YAML, the second and later ones indented by two.</summary>
    internal async Task<StoreSite> CreateAsync(string name, int shards, int replicas, string spec, CancellationToken cancellation)
    {
        await KubectlAsync(["apply", "-f", "-"], cancellation, $$"""
            apiVersion: ops.autonomic.dev/v1alpha1
            kind: ShardedStore
            metadata: {name: {{name}} }
            spec:
              shards: {{shards}}
              replicasPerShard: {{replicas}}
              {{spec}}
            """);
        // The next part's store shall not run beside it.
        return new StoreSite(name, shards, () => Members(name), () => Unrest(name), () => Restarts(name), () => KubectlAsync(["delete", "sstore", name, "--wait=false"], CancellationToken.None));
    }

    /// <summary>Changes the number of shards.</summary>
    internal async Task ScaleAsync(StoreSite site, int shards, CancellationToken cancellation)
    {
        await PatchAsync(site, $$$"""{"spec":{"shards":{{{shards}}}}}""", cancellation);
        site.Shards = shards;
    }

    /// <summary>Changes a store by a JSON merge patch.</summary>
    internal Task PatchAsync(StoreSite site, string patch, CancellationToken cancellation) =>
        KubectlAsync(["patch", "sstore", site.Name, "--type=merge", "-p", patch], cancellation);

    /// <summary>Makes a claim for backups.</summary>
    internal Task ClaimAsync(string name, CancellationToken cancellation) => KubectlAsync(["apply", "-f", "-"], cancellation, $$"""
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: {{name}} }
        spec:
          accessModes: [ReadWriteOnce]
          resources: {requests: {storage: 10Gi} }
        """);

    /// <summary>Uids of a store's pods: of a pod that was made anew another one.</summary>
    internal IReadOnlySet<string> PodIds(string store) => _server.Local.List<V1Pod>(Ns)
        .Where(pod => pod.Metadata.Labels?.TryGetValue(Labels.Store, out var name) == true && name == store)
        .Select(pod => pod.Metadata.Uid)
        .ToHashSet();

    /// <summary>Deletes a pod without grace; its successor has another address.</summary>
    internal Task DeletePodAsync(string pod, CancellationToken cancellation) =>
        KubectlAsync(["delete", "pod", pod, "--force", "--grace-period=0", "--wait=false"], cancellation);

    /// <summary>A store as it is now.</summary>
    internal ShardedStore Store(string name) => _server.Local.Get<ShardedStore>(Ns, name)!;

    /// <summary>kill -9 of the operator.</summary>
    internal async Task KillOperatorAsync(CancellationToken cancellation)
    {
        await _operator!.SignalAsync("KILL");
        await _operator.WaitForExitAsync(cancellation);
        await _operator.DisposeAsync();
        _operator = null;
    }

    /// <summary>Starts the operator; a killed one's lease runs out first.</summary>
    internal async Task StartOperatorAsync(CancellationToken cancellation)
    {
        var home = Directory.CreateDirectory(Path.Combine(_folder, $"operator-{++_runs}")).FullName;
        var kubeconfig = Path.Combine(home, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, _server.KubeconfigFor(_server.IssueServiceAccountToken(WellKnown.SystemNamespace, "operator")), cancellation);
        _operator = ChildProcess.Start(
            Repository.Executable("Ops.Operator"),
            ["--urls", "http://127.0.0.1:0"],
            Path.Combine(home, "log"),
            new Dictionary<string, string?> { ["KUBECONFIG"] = kubeconfig, ["HOME"] = home });
    }

    /// <summary>The operator's last lines.</summary>
    internal string Tail() => _operator?.Tail(30) ?? "";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_operator is not null)
            await _operator.DisposeAsync();
        if (_node is not null)
            await _node.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _addresses.Dispose();
        _kubectl?.Dispose();
        NetworkCut.Clear();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartClusterAsync(IReadOnlyDictionary<string, ImageEntry> images, CancellationToken cancellation)
    {
        _server = await ApiServer.StartAsync(new() { ServiceAddressRange = IPNetwork.Parse(_addresses.Services) }, cancellation);
        _node = await SandboxNode.StartAsync(
            _server,
            new() { Images = images, PodAddressRange = _addresses.Pods, ServiceAddressRange = _addresses.Services, WorkDirectory = Path.Combine(_folder, "node") },
            cancellation);
        _kubectl = new(_server.KubeconfigFor(_server.AdminToken));
        foreach (var part in (string[])["deploy/namespace.yaml", "crds", "rbac"])
        {
            var path = Path.Combine(Repository.Root, "manifests", part);
            await KubectlAsync(["apply", Directory.Exists(path) ? "-k" : "-f", path], cancellation);
        }

        await KubectlAsync(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"], cancellation);
    }

    private ImmutableSortedDictionary<string, StoreAddress> Members(string store) => _server.Local.List<V1Pod>(Ns)
        .Where(pod => pod.Metadata.Labels?.TryGetValue(Labels.Store, out var name) == true && name == store)
        .ToImmutableSortedDictionary(pod => pod.Metadata.Name, pod => pod.Status?.PodIP is { Length: > 0 } ip ? new StoreAddress(ip, WellKnown.StorePort) : default);

    // The history keeps the newest twenty of all kinds; what fell out of it was counted before.
    private int Restarts(string name)
    {
        lock (_restarts)
        {
            _restarts.UnionWith((Store(name).Status?.History ?? []).Where(entry => entry.Kind == StoreEventKinds.Restart).Select(entry => (name, entry.At, entry.Message)));
            return _restarts.Count(one => one.Store == name);
        }
    }

    private string? Unrest(string name)
    {
        var store = Store(name);
        if (store.Status is not { Phase: "Steady", SlotsCovered: 16_384, Shards: { } shards } status || status.ObservedGeneration != store.Metadata.Generation)
            return $"{store.Status?.Phase}: {store.Status?.Reason}";
        if (shards.Count != store.Spec.EffectiveShards)
            return $"{shards.Count} shards of {store.Spec.EffectiveShards}";
        return shards.SelectMany(shard => shard.Members ?? []).FirstOrDefault(member => member.Role != "primary" && member.InSync != true) is { } late
            ? $"{late.Name} is {late.Role} and not in step; {string.Join(", ", (status.Conditions ?? []).Where(condition => condition is { Type: ConditionTypes.Degraded, Status: "True" }).Select(condition => condition.Message))}"
            : null;
    }

    private async Task KubectlAsync(IEnumerable<string> arguments, CancellationToken cancellation, string? input = null) =>
        (await _kubectl.RunAsync(arguments, cancellation, input)).OrThrow();
}
