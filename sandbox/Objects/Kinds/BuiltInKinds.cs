using k8s;
using k8s.Models;

namespace Ops.Sandbox.Objects;

/// <summary>The kinds that exist without a CustomResourceDefinition.</summary>
public static class BuiltInKinds
{
    /// <summary>
    /// All built-in kinds; within a group in order of preference. Events appear twice (core/v1 and events.k8s.io/v1):
    /// the server stores them once and converts.
    /// </summary>
    public static IReadOnlyList<KindDefinition> All { get; } =
    [
        .. Core(), .. Apps(), .. Batch(), .. Rbac(), .. Networking(), .. Policies(), .. Registration(),
    ];

    private static readonly Dictionary<(string, string, string), KindDefinition> ByKind =
        All.ToDictionary(k => (k.Group, k.Version, k.Kind));

    /// <summary>The kind, or null where it is not built in.</summary>
    public static KindDefinition? Find(string group, string version, string kind) => ByKind.GetValueOrDefault((group, version, kind));

    /// <summary>The kind of a model type such as <see cref="V1Pod"/>. Throws <see cref="ArgumentException"/> where it is not built in.</summary>
    public static KindDefinition Of(Type modelType)
    {
        var entity = KubernetesEntityOf(modelType);
        return Find(entity.Group, entity.ApiVersion, entity.Kind)
            ?? throw new ArgumentException($"{modelType.Name} is not a built-in kind of the sandbox.", nameof(modelType));
    }

    private static IEnumerable<KindDefinition> Core() =>
    [
        Kind<V1Pod>("po", status: true, generation: GenerationRule.Spec, all: true, fields:
            ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
             "status.phase", "status.podIP", "status.nominatedNodeName"]),
        Kind<V1Service>("svc", status: true, all: true, names: NameRule.Label1035, fields: ["spec.clusterIP", "spec.type"]),
        Kind<V1Endpoints>("ep", listKind: "EndpointsList", singular: "endpoints") with
        {
            DeprecationWarning = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        },
        Kind<V1ConfigMap>("cm"),
        Kind<V1Secret>(fields: ["type"]),
        Kind<V1ServiceAccount>("sa"),
        Kind<V1Namespace>("ns", cluster: true, status: true, names: NameRule.Label, fields: ["status.phase"]),
        Kind<V1Node>("no", cluster: true, status: true, fields: ["spec.unschedulable"]),
        Kind<Corev1Event>("ev", fields: EventFields("involvedObject", "source")),
        Kind<V1PersistentVolume>("pv", cluster: true, status: true),
        Kind<V1PersistentVolumeClaim>("pvc", status: true),
        Kind<V1LimitRange>("limits"),
        Kind<V1ResourceQuota>("quota", status: true),
        Kind<V1PodTemplate>(),
    ];

    private static IEnumerable<KindDefinition> Apps() =>
    [
        Kind<V1Deployment>("deploy", status: true, scale: true, all: true, generation: GenerationRule.SpecAndAnnotations),
        Kind<V1ReplicaSet>("rs", status: true, scale: true, all: true, generation: GenerationRule.Spec, fields: ["status.replicas"]),
        Kind<V1StatefulSet>("sts", status: true, scale: true, all: true, generation: GenerationRule.Spec),
        Kind<V1DaemonSet>("ds", status: true, all: true, generation: GenerationRule.Spec),
        Kind<V1ControllerRevision>(),
    ];

    private static IEnumerable<KindDefinition> Batch() =>
    [
        Kind<V1Job>(status: true, all: true, generation: GenerationRule.Spec, fields: ["status.successful"]),
        Kind<V1CronJob>("cj", status: true, all: true, generation: GenerationRule.Spec),
        Kind<V1EndpointSlice>(generation: GenerationRule.AllButMetadata),
        Kind<V1Lease>(),
        Kind<Eventsv1Event>("ev", fields: EventFields("regarding", "reportingController")),
    ];

    private static IEnumerable<KindDefinition> Rbac() =>
    [
        Kind<V1Role>(names: NameRule.PathSegment),
        Kind<V1RoleBinding>(names: NameRule.PathSegment),
        Kind<V1ClusterRole>(cluster: true, names: NameRule.PathSegment),
        Kind<V1ClusterRoleBinding>(cluster: true, names: NameRule.PathSegment),
    ];

    private static IEnumerable<KindDefinition> Networking() =>
    [
        Kind<V1NetworkPolicy>("netpol", generation: GenerationRule.Spec),
        Kind<V1Ingress>("ing", status: true, generation: GenerationRule.Spec),
        Kind<V1IngressClass>(cluster: true, generation: GenerationRule.Spec),
    ];

    private static IEnumerable<KindDefinition> Policies() =>
    [
        Kind<V1PodDisruptionBudget>("pdb", status: true, generation: GenerationRule.Spec),
        // autoscaling lists v2 before v1: the order is the preference.
        Kind<V2HorizontalPodAutoscaler>("hpa", status: true, all: true),
        Kind<V1HorizontalPodAutoscaler>("hpa", status: true, all: true),
        Kind<V1StorageClass>("sc", cluster: true),
        Kind<V1PriorityClass>("pc", cluster: true, generation: GenerationRule.AllButMetadata),
    ];

    private static IEnumerable<KindDefinition> Registration() =>
    [
        Kind<V1CustomResourceDefinition>("crd", more: "crds", cluster: true, status: true, generation: GenerationRule.Spec),
        Kind<V1MutatingWebhookConfiguration>(cluster: true, generation: GenerationRule.AllButMetadata),
        Kind<V1ValidatingWebhookConfiguration>(cluster: true, generation: GenerationRule.AllButMetadata),
    ];

    private static string[] EventFields(string subject, string source) =>
    [
        subject + ".kind", subject + ".namespace", subject + ".name", subject + ".uid", subject + ".apiVersion",
        subject + ".resourceVersion", subject + ".fieldPath", "reason", "reportingComponent", source, "type",
    ];

    private static KindDefinition Kind<T>(
        string? shortName = null, string? more = null, string? listKind = null, string? singular = null, bool cluster = false,
        bool status = false, bool scale = false, bool all = false, GenerationRule generation = GenerationRule.None,
        NameRule names = NameRule.Subdomain, string[]? fields = null)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var entity = KubernetesEntityOf(typeof(T));
        return new KindDefinition
        {
            Group = entity.Group,
            Version = entity.ApiVersion,
            Kind = entity.Kind,
            ListKind = listKind ?? entity.Kind + "List",
            Plural = entity.PluralName,
            Singular = singular ?? entity.Kind.ToLowerInvariant(),
            ShortNames = more is null ? (shortName is null ? [] : [shortName]) : [shortName!, more],
            Categories = all ? ["all"] : entity.Kind == "CustomResourceDefinition" ? ["api-extensions"] : [],
            Namespaced = !cluster,
            Schema = StructuralSchema.FromModelType(typeof(T)),
            HasStatus = status,
            Scale = scale ? new ScalePaths(".spec.replicas", ".status.replicas", ".spec.selector") : null,
            SelectableFields = fields ?? [],
            GenerationRule = generation,
            NameRule = names,
        };
    }

    private static KubernetesEntityAttribute KubernetesEntityOf(Type type) =>
        (KubernetesEntityAttribute?)Attribute.GetCustomAttribute(type, typeof(KubernetesEntityAttribute))
        ?? throw new ArgumentException($"{type.Name} is not a Kubernetes kind.", nameof(type));
}
