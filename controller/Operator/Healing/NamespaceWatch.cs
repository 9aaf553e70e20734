using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
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
    private readonly TimeProvider time;
    // One entry an object of the few kinds.
    private readonly ConcurrentDictionary<string, DateTimeOffset> admissionSince = [];
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

    public NamespaceWatch(KubeClient client, string ns, Action changed, HealingCaches shared, GroupList groups, TimeProvider time, ILoggerFactory logs)
    {
        (this.client, this.ns, this.changed, this.shared, this.groups, this.time, this.logs) = (client, ns, changed, shared, groups, time, logs);
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
        Admission(new ResourceCache<V1Namespace>(client, new() { FieldSelector = $"metadata.name={ns}" }, logs), _ => true);
        Admission(new ResourceCache<V1ValidatingWebhookConfiguration>(client, new(), logs), IsOwn);
        Admission(new ResourceCache<V1MutatingWebhookConfiguration>(client, new(), logs), IsOwn);
        Other<ModelPool>();
        Other<ModelRoute>();
        Other<ShardedStore>();
    }

    /// <summary>Whether everything was read at least once.</summary>
    public bool HasSynced => all.All(cache => cache.HasSynced);

    /// <summary>Why not, in words.</summary>
    public string Trouble => all.FirstOrDefault(cache => !cache.HasSynced)?.Trouble ?? "";

    /// <summary>Keeps everything current until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(all.Select(cache => cache.RunAsync(cancellationToken)));

    /// <summary>What is there now.</summary>
    /// <param name="policy">Whose patience with deletions counts.</param>
    /// <param name="now">The time.</param>
    public NamespaceSnapshot Snapshot(HealingPolicy policy, DateTimeOffset now) => new()
    {
        ApiGroups = groups.Names,
        AdmissionSince = admissionSince,
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
        Others = [.. others.SelectMany(list => list())],
        Claims = claims.List(),
        Jobs = jobs.List(),
        CronJobs = cronJobs.List(),
        RootCauses = [.. shared.RootCauses.List().Where(one => one.Metadata.NamespaceProperty == ns)],
        Nodes = shared.Nodes.List(),
        StorageClasses = shared.StorageClasses.List(),
    };

    private bool IsOwn<T>(T configuration)
        where T : class, IKubernetesObject<V1ObjectMeta> => OwnWebhooks.AreOf(JsonNode.Parse(KubernetesJson.Serialize((object)configuration))!["webhooks"], ns);

    private void Admission<T>(ResourceCache<T> cache, Func<T, bool> isOwn)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        cache.Changed += change =>
        {
            if (change.Old is null || Digest(change.Old) != Digest(change.Object))
                admissionSince[$"{NamespaceSnapshot.KindOf(change.Object)}/{change.Object.Metadata.Name}"] = time.GetUtcNow();
        };
        Follow(cache);
        others.Add(() => cache.List().Where(isOwn));
    }

    private static string Digest(IKubernetesObject<V1ObjectMeta> obj) => ObjectContent.Digest(JsonNode.Parse(KubernetesJson.Serialize((object)obj))!.AsObject());

    private ResourceCache<T> Watch<T>(string? olderVersion = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        return Follow(new ResourceCache<T>(client, new() { Namespace = ns, OlderVersion = olderVersion }, logs));
    }

    private ResourceCache<T> Follow<T>(ResourceCache<T> cache)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        cache.Changed += _ => changed();
        cache.Listed += changed;
        all.Add(cache);
        return cache;
    }

    private void Other<T>(string? olderVersion = null)
        where T : class, IKubernetesObject<V1ObjectMeta> => others.Add(Watch<T>(olderVersion).List);
}
