using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Goals;

namespace Ops.Healing.Cluster;

/// <summary>The objects of one namespace at one moment: all that analysers and planners see.</summary>
public sealed record NamespaceSnapshot
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>When it was taken.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Deployments.</summary>
    public IReadOnlyCollection<V1Deployment> Deployments { get; init; } = [];

    /// <summary>StatefulSets.</summary>
    public IReadOnlyCollection<V1StatefulSet> StatefulSets { get; init; } = [];

    /// <summary>ReplicaSets, which link pods to Deployments.</summary>
    public IReadOnlyCollection<V1ReplicaSet> ReplicaSets { get; init; } = [];

    /// <summary>Pods.</summary>
    public IReadOnlyCollection<V1Pod> Pods { get; init; } = [];

    /// <summary>Services.</summary>
    public IReadOnlyCollection<V1Service> Services { get; init; } = [];

    /// <summary>ConfigMaps.</summary>
    public IReadOnlyCollection<V1ConfigMap> ConfigMaps { get; init; } = [];

    /// <summary>EndpointSlices: the signal that a Service works, which nobody here writes.</summary>
    public IReadOnlyCollection<V1EndpointSlice> EndpointSlices { get; init; } = [];

    /// <summary>PodDisruptionBudgets.</summary>
    public IReadOnlyCollection<V1PodDisruptionBudget> DisruptionBudgets { get; init; } = [];

    /// <summary>Ingresses, NetworkPolicies, autoscalers, quotas, limits, role bindings, the namespace itself, webhooks that are for it alone and Ops's own kinds.</summary>
    public IReadOnlyCollection<IKubernetesObject<V1ObjectMeta>> Others { get; init; } = [];

    /// <summary>Claims of volumes.</summary>
    public IReadOnlyCollection<V1PersistentVolumeClaim> Claims { get; init; } = [];

    /// <summary>Jobs.</summary>
    public IReadOnlyCollection<V1Job> Jobs { get; init; } = [];

    /// <summary>CronJobs.</summary>
    public IReadOnlyCollection<V1CronJob> CronJobs { get; init; } = [];

    /// <summary>The cluster's nodes.</summary>
    public IReadOnlyCollection<V1Node> Nodes { get; init; } = [];

    /// <summary>The cluster's storage classes.</summary>
    public IReadOnlyCollection<V1StorageClass> StorageClasses { get; init; } = [];

    /// <summary>Incidents of the root-cause service in the namespace.</summary>
    public IReadOnlyCollection<Incident> RootCauses { get; init; } = [];

    /// <summary>What is and was done for them and for goals, as long as its Remediations are there.</summary>
    public IReadOnlyCollection<Repair> Repairs { get; init; } = [];

    /// <summary>The goals of the namespace's policies, as last judged.</summary>
    public IReadOnlyList<JudgedGoal> Goals { get; init; } = [];

    /// <summary>When objects that decide over new pods got the content that they have, by "Kind/name", as far as this process has seen it.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> AdmissionSince { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>Names of the API groups that the cluster serves; empty while they are not known.</summary>
    public IReadOnlyCollection<string> ApiGroups { get; init; } = [];

    /// <summary>How long a deletion may hang before a finalizer that belongs to nobody counts as orphaned.</summary>
    public TimeSpan OrphanedAfter { get; init; } = GoDuration.Parse(HealingPolicySpec.DefaultOrphanedAfter);

    /// <summary>Every object that an action may change, by "Kind/name".</summary>
    private IReadOnlyDictionary<string, IKubernetesObject<V1ObjectMeta>> ByName => field ??= Deployments.Cast<IKubernetesObject<V1ObjectMeta>>()
        .Concat(StatefulSets).Concat(Pods).Concat(Services).Concat(ConfigMaps).Concat(DisruptionBudgets).Concat(Nodes).Concat(Others)
        .ToDictionary(one => $"{KindOf(one)}/{one.Metadata.Name}");

    /// <summary>An object that an action may change, or null.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="name">Its name.</param>
    public IKubernetesObject<V1ObjectMeta>? Find(string kind, string name) => ByName.GetValueOrDefault($"{kind}/{name}");

    /// <summary>Every object that an action may change.</summary>
    public IEnumerable<IKubernetesObject<V1ObjectMeta>> All => ByName.Values;

    /// <summary>Whether a finalizer keeps a deleted object: how long it does comes without a change.</summary>
    public bool HasHangingDeletion => All.Any(one => one.Metadata is { DeletionTimestamp: not null, Finalizers.Count: > 0 });

    /// <summary>The kind of an object, whose own field is empty in a list.</summary>
    /// <param name="obj">Any object.</param>
    public static string KindOf(IKubernetesObject<V1ObjectMeta> obj) => obj.GetType().GetKubernetesTypeMetadata().Kind;

    /// <summary>Deployments and StatefulSets with their pods, by name.</summary>
    public IReadOnlyList<Workload> Workloads => field ??= [.. Find().OrderBy(workload => workload.Kind, StringComparer.Ordinal).ThenBy(workload => workload.Name, StringComparer.Ordinal)];

    /// <summary>A workload, or null.</summary>
    /// <param name="kind">Deployment or StatefulSet.</param>
    /// <param name="name">Its name.</param>
    public Workload? Workload(string kind, string name) => Workloads.FirstOrDefault(workload => workload.Kind == kind && workload.Name == name);

    /// <summary>Pods that a label selector of a Service selects; an empty selector selects none.</summary>
    /// <param name="selector">Labels, or null.</param>
    public IReadOnlyList<V1Pod> PodsBy(IDictionary<string, string>? selector) => selector is not { Count: > 0 }
        ? []
        : [.. Pods.Where(pod => pod.Metadata.DeletionTimestamp is null && selector.All(pair => pod.Metadata.Labels?.TryGetValue(pair.Key, out var value) == true && value == pair.Value))];

    /// <summary>Ready addresses behind a Service.</summary>
    /// <param name="service">Its name.</param>
    public int ReadyAddresses(string service) => EndpointSlices
        .Where(slice => slice.Metadata.Labels?.TryGetValue(Api.Labels.ServiceName, out var owner) == true && owner == service)
        // Endpoints without a port lead nowhere.
        .Where(slice => slice.Ports is { Count: > 0 })
        .SelectMany(slice => slice.Endpoints ?? []).Where(endpoint => endpoint.Conditions?.Ready != false).Sum(endpoint => endpoint.Addresses.Count);

    private IEnumerable<Workload> Find()
    {
        var deploymentOf = ReplicaSets.Select(set => (set.Metadata.Uid, Owner: Owner(set, V1Deployment.KubeKind))).Where(pair => pair.Owner is not null)
            .ToDictionary(pair => pair.Uid, pair => pair.Owner!);
        var pods = Pods.Where(pod => pod.Metadata.DeletionTimestamp is null)
            .ToLookup(pod => Owner(pod, V1StatefulSet.KubeKind) ?? (Owner(pod, V1ReplicaSet.KubeKind) is { } set ? deploymentOf.GetValueOrDefault(set) : null));
        foreach (var one in Deployments)
        {
            yield return new(
                one, V1Deployment.KubeKind, one.Spec.Replicas ?? 1, one.Status?.Replicas ?? 0, one.Status?.ReadyReplicas ?? 0, one.Status?.UpdatedReplicas ?? 0,
                one.Status?.ObservedGeneration == one.Metadata.Generation, one.Spec.Template, [.. pods[one.Metadata.Uid]]);
        }

        foreach (var one in StatefulSets)
        {
            yield return new(
                one, V1StatefulSet.KubeKind, one.Spec.Replicas ?? 1, one.Status?.Replicas ?? 0, one.Status?.ReadyReplicas ?? 0, one.Status?.UpdatedReplicas ?? 0,
                one.Status?.ObservedGeneration == one.Metadata.Generation, one.Spec.Template, [.. pods[one.Metadata.Uid]]);
        }
    }

    private static string? Owner(IMetadata<V1ObjectMeta> obj, string kind) =>
        obj.Metadata.OwnerReferences?.FirstOrDefault(owner => owner.Kind == kind && owner.Controller == true)?.Uid;
}
