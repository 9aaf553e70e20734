using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Goals;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>The objects of one namespace that has a policy, kept current, beside those of the cluster that all namespaces share.</summary>
internal sealed class NamespaceWatch
{
    private readonly KubeClient client;
    private readonly string ns;
    private readonly Action changed;
    private readonly ILoggerFactory logs;
    private readonly HealingCaches shared;
    private readonly GroupList groups;
    private readonly List<IResourceCache> all = [];
    private readonly List<Func<IEnumerable<IKubernetesObject<V1ObjectMeta>>>> others = [];
    private readonly ResourceCache<V1Deployment> deployments;
    private readonly ResourceCache<V1StatefulSet> statefulSets;
    private readonly ResourceCache<V1ReplicaSet> replicaSets;
    private readonly ResourceCache<V1Pod> pods;
    private readonly ResourceCache<V1Service> services;
    private readonly ResourceCache<V1ConfigMap> configMaps;
    private readonly ResourceCache<V1EndpointSlice> endpoints;
    private readonly ResourceCache<V1PodDisruptionBudget> budgets;
    private readonly ResourceCache<V1PersistentVolumeClaim> claims;
    private readonly ResourceCache<V1Job> jobs;
    private readonly ResourceCache<V1CronJob> cronJobs;

    private readonly GoalWatch goals;

    public NamespaceWatch(KubeClient client, string ns, Action changed, HealingCaches shared, GroupList groups, MetricsReader metrics, TimeProvider time, ILoggerFactory logs)
    {
        (this.client, this.ns, this.changed, this.shared, this.groups, this.logs) = (client, ns, changed, shared, groups, logs);
        (deployments, statefulSets, replicaSets, pods) = (Watch<V1Deployment>(), Watch<V1StatefulSet>(), Watch<V1ReplicaSet>(), Watch<V1Pod>());
        (services, configMaps, claims, jobs) = (Watch<V1Service>(), Watch<V1ConfigMap>(), Watch<V1PersistentVolumeClaim>(), Watch<V1Job>());
        // Kubernetes before 1.21 serves these as beta only.
        (endpoints, budgets, cronJobs) = (Watch<V1EndpointSlice>("v1beta1"), Watch<V1PodDisruptionBudget>("v1beta1"), Watch<V1CronJob>("v1beta1"));
        Other<V1Ingress>();
        Other<V1NetworkPolicy>();
        Other<V2HorizontalPodAutoscaler>("v2beta2");
        Other<V1ResourceQuota>();
        Other<V1LimitRange>();
        Other<V1RoleBinding>();
        Other<ModelPool>();
        Other<ModelRoute>();
        Other<ShardedStore>();
        goals = new(metrics, () => HasSynced ? [.. shared.Policies.List().Where(one => one.Metadata.NamespaceProperty == ns)] : [], Snapshot, changed, time, logs.CreateLogger<GoalWatch>());
    }

    /// <summary>Whether everything was read at least once.</summary>
    public bool HasSynced => all.All(cache => cache.HasSynced);

    /// <summary>Why not, in words.</summary>
    public string Trouble => all.FirstOrDefault(cache => !cache.HasSynced)?.Trouble ?? "";

    /// <summary>Why it will not be read without somebody's help, for example a right that nobody bound; null where nothing failed.</summary>
    public string? Obstacle => all.Where(cache => !cache.HasSynced).Select(cache => cache.Trouble).FirstOrDefault(trouble => trouble is not null and not IResourceCache.NotListedYet);

    /// <summary>Keeps everything current until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(all.Select(cache => cache.RunAsync(cancellationToken)).Append(goals.RunAsync(cancellationToken)));

    /// <summary>A goal as last judged, or null.</summary>
    /// <param name="key">Its key.</param>
    public JudgedGoal? Goal(string key) => goals.Judged.FirstOrDefault(one => one.Key == key);

    /// <summary>What is there now.</summary>
    /// <param name="policy">Whose patience with deletions counts.</param>
    /// <param name="now">The time.</param>
    public NamespaceSnapshot Snapshot(HealingPolicy policy, DateTimeOffset now) => new()
    {
        ApiGroups = groups.Names,
        AdmissionSince = shared.Admission.Since,
        Goals = goals.Judged,
        OrphanedAfter = policy.Spec.EffectiveOrphanedAfter,
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
        Others = [.. others.SelectMany(list => list()).Concat(shared.Admission.Of(ns))],
        Claims = claims.List(),
        Jobs = jobs.List(),
        CronJobs = cronJobs.List(),
        RootCauses = [.. shared.RootCauses.List().Where(one => one.Metadata.NamespaceProperty == ns)],
        Repairs = IncidentBook.Repairs(ns, shared),
        Nodes = shared.Nodes.List(),
        StorageClasses = shared.StorageClasses.List(),
    };

    private ResourceCache<T> Watch<T>(string? olderVersion = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var cache = new ResourceCache<T>(client, new() { Namespace = ns, OlderVersion = olderVersion }, logs);
        cache.Changed += _ => changed();
        cache.Listed += changed;
        all.Add(cache);
        return cache;
    }

    private void Other<T>(string? olderVersion = null)
        where T : class, IKubernetesObject<V1ObjectMeta> => others.Add(Watch<T>(olderVersion).List);
}
