using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Planning.Pools;

namespace Ops.Operator.Fleet;

/// <summary>What the operator watches. Workloads only with Ops's own label, so that a large cluster costs nothing.</summary>
internal sealed class FleetCaches
{
    private const string ManagedByOps = $"{Labels.ManagedBy}={Labels.ManagedByOps}";

    public FleetCaches(KubeClient client, OperatorOptions options, ILoggerFactory logs)
    {
        Pools = new(client, null, logs);
        Routes = new(client, null, logs);
        Budgets = new(client, null, logs);
        Deployments = new(client, new() { LabelSelector = ManagedByOps }, logs);
        Services = new(client, new() { LabelSelector = ManagedByOps }, logs);
        PoolPods = new(client, new() { LabelSelector = Labels.Pool }, logs);
        RouterPods = new(client, new() { Namespace = options.Namespace, LabelSelector = $"{Labels.Component}={Labels.Router}" }, logs);
        PowerAgents = new(client, new() { LabelSelector = $"{Labels.Component}=power-agent" }, logs);
        DcgmExporters = new(client, new() { LabelSelector = "app=nvidia-dcgm-exporter" }, logs);
        Keplers = new(client, new() { LabelSelector = "app.kubernetes.io/name=kepler" }, logs);

        Stores = new(client, null, logs);
        StatefulSets = new(client, new() { LabelSelector = ManagedByOps }, logs);
        StorePods = new(client, new() { LabelSelector = Labels.Store }, logs);

        PodsByPool = PoolPods.AddIndex(pod => [PoolOf(pod).ToString()]);
        GuestsByHost = Pools.AddIndex(pool => pool.Spec.CoResident is { } guest ? [new ObjectKey(pool.Metadata.NamespaceProperty, guest.Host).ToString()] : []);
        RoutesByPool = Routes.AddIndex(route => route.Spec.Variants.Select(variant => Key(route, variant.Pool).ToString()).Distinct());
        RoutesByModel = Routes.AddIndex(route => [route.EffectiveModel]);
        PodsByStore = StorePods.AddIndex(pod => [StoreOf(pod).ToString()]);
        SetsByStore = StatefulSets.AddIndex(set => [StoreOf(set).ToString()]);
    }

    /// <summary>All pools.</summary>
    public ResourceCache<ModelPool> Pools { get; }

    /// <summary>All routes.</summary>
    public ResourceCache<ModelRoute> Routes { get; }

    /// <summary>All energy budgets.</summary>
    public ResourceCache<EnergyBudget> Budgets { get; }

    /// <summary>Deployments of Ops.</summary>
    public ResourceCache<V1Deployment> Deployments { get; }

    /// <summary>Services of Ops.</summary>
    public ResourceCache<V1Service> Services { get; }

    /// <summary>Pods that carry a pool's label.</summary>
    public ResourceCache<V1Pod> PoolPods { get; }

    /// <summary>The routers' pods.</summary>
    public ResourceCache<V1Pod> RouterPods { get; }

    /// <summary>Power agents, one a GPU node.</summary>
    public ResourceCache<V1Pod> PowerAgents { get; }

    /// <summary>NVIDIA's exporters, as its GPU operator labels them.</summary>
    public ResourceCache<V1Pod> DcgmExporters { get; }

    /// <summary>Kepler's pods.</summary>
    public ResourceCache<V1Pod> Keplers { get; }

    /// <summary>All sharded stores.</summary>
    public ResourceCache<ShardedStore> Stores { get; }

    /// <summary>StatefulSets of Ops.</summary>
    public ResourceCache<V1StatefulSet> StatefulSets { get; }

    /// <summary>Pods that carry a store's label.</summary>
    public ResourceCache<V1Pod> StorePods { get; }

    /// <summary>Pods by the text of their store's key.</summary>
    public CacheIndex<V1Pod> PodsByStore { get; }

    /// <summary>StatefulSets by the text of their store's key.</summary>
    public CacheIndex<V1StatefulSet> SetsByStore { get; }

    /// <summary>Pods by the text of their pool's key.</summary>
    public CacheIndex<V1Pod> PodsByPool { get; }

    /// <summary>Pools by the text of the key of the pool whose GPUs they share.</summary>
    public CacheIndex<ModelPool> GuestsByHost { get; }

    /// <summary>Routes by the text of the keys of the pools that they name.</summary>
    public CacheIndex<ModelRoute> RoutesByPool { get; }

    /// <summary>Routes by the model name that they answer.</summary>
    public CacheIndex<ModelRoute> RoutesByModel { get; }

    /// <summary>Every cache by the name that /readyz shows.</summary>
    public IReadOnlyList<(string Name, IResourceCache Cache)> All =>
    [
        ("modelpools", Pools),
        ("modelroutes", Routes),
        ("energybudgets", Budgets),
        ("deployments", Deployments),
        ("services", Services),
        ("pool pods", PoolPods),
        ("router pods", RouterPods),
        ("power agents", PowerAgents),
        ("dcgm exporters", DcgmExporters),
        ("keplers", Keplers),
        ("shardedstores", Stores),
        ("statefulsets", StatefulSets),
        ("store pods", StorePods),
    ];

    /// <summary>Which pools share a pool's pods.</summary>
    public CoResidence Shared(ModelPool pool)
    {
        var key = HostKey(pool);
        return CoResidence.Of(pool, Pools.Get(key), GuestsByHost[key.ToString()]);
    }

    /// <summary>The key of the pool that has the pods: its host's, or its own.</summary>
    public static ObjectKey HostKey(ModelPool pool) =>
        pool.Spec.CoResident is { } guest ? new(pool.Metadata.NamespaceProperty, guest.Host) : ObjectKey.Of(pool);

    /// <summary>The key of the pool that a pod's label names.</summary>
    public static ObjectKey PoolOf(V1Pod pod) =>
        new(pod.Metadata.NamespaceProperty, pod.Metadata.Labels?.TryGetValue(Labels.Pool, out var pool) == true ? pool : "");

    /// <summary>The key of the store that an object's label names.</summary>
    public static ObjectKey StoreOf(IMetadata<V1ObjectMeta> obj) =>
        new(obj.Metadata.NamespaceProperty, obj.Metadata.Labels?.TryGetValue(Labels.Store, out var store) == true ? store : "");

    /// <summary>The key of a pool that a route names.</summary>
    public static ObjectKey Key(ModelRoute route, string pool) => new(route.Metadata.NamespaceProperty, pool);

    /// <summary>
    /// Whether one route comes before another with the same model name: the older one, then the one whose
    /// namespace comes first, then the one whose name does. The router decides in the same way.
    /// </summary>
    public static bool Before(ModelRoute one, ModelRoute other)
    {
        var order = Nullable.Compare(one.Metadata.CreationTimestamp, other.Metadata.CreationTimestamp);
        if (order == 0)
            order = string.CompareOrdinal(one.Metadata.NamespaceProperty, other.Metadata.NamespaceProperty);
        if (order == 0)
            order = string.CompareOrdinal(one.Metadata.Name, other.Metadata.Name);
        return order < 0;
    }
}
