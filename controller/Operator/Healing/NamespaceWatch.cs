using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>The objects of one namespace that has a policy, kept current.</summary>
internal sealed class NamespaceWatch
{
    private readonly string ns;
    private readonly ResourceCache<V1Deployment> deployments;
    private readonly ResourceCache<V1StatefulSet> statefulSets;
    private readonly ResourceCache<V1ReplicaSet> replicaSets;
    private readonly ResourceCache<V1Pod> pods;
    private readonly ResourceCache<V1Service> services;
    private readonly ResourceCache<V1ConfigMap> configMaps;
    private readonly ResourceCache<V1EndpointSlice> endpoints;
    private readonly ResourceCache<V1PodDisruptionBudget> budgets;
    private readonly IReadOnlyList<IResourceCache> all;

    public NamespaceWatch(KubeClient client, string ns, Action changed, ILoggerFactory logs)
    {
        this.ns = ns;
        ResourceCacheOptions options = new() { Namespace = ns };
        (deployments, statefulSets, replicaSets, pods) = (new(client, options, logs), new(client, options, logs), new(client, options, logs), new(client, options, logs));
        (services, configMaps) = (new(client, options, logs), new(client, options, logs));
        // Kubernetes before 1.21 serves these two as beta only.
        (endpoints, budgets) = (new(client, options with { OlderVersion = "v1beta1" }, logs), new(client, options with { OlderVersion = "v1beta1" }, logs));
        all = [deployments, statefulSets, replicaSets, pods, services, configMaps, endpoints, budgets];
        deployments.Changed += _ => changed();
        statefulSets.Changed += _ => changed();
        pods.Changed += _ => changed();
        services.Changed += _ => changed();
        configMaps.Changed += _ => changed();
        endpoints.Changed += _ => changed();
        foreach (var cache in all)
            cache.Listed += changed;
    }

    /// <summary>Whether everything was read at least once.</summary>
    public bool HasSynced => all.All(cache => cache.HasSynced);

    /// <summary>Why not, in words.</summary>
    public string Trouble => all.FirstOrDefault(cache => !cache.HasSynced)?.Trouble ?? "";

    /// <summary>Keeps everything current until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(all.Select(cache => cache.RunAsync(cancellationToken)));

    /// <summary>What is there now.</summary>
    public NamespaceSnapshot Snapshot(DateTimeOffset now) => new()
    {
        Namespace = ns,
        Now = now,
        Deployments = deployments.List(),
        StatefulSets = statefulSets.List(),
        ReplicaSets = replicaSets.List(),
        Pods = pods.List(),
        Services = services.List(),
        ConfigMaps = configMaps.List(),
        EndpointSlices = endpoints.List(),
        DisruptionBudgets = budgets.List(),
    };
}
