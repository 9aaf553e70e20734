namespace Ops.Sandbox.Objects;

/// <summary>
/// What the published OpenAPI of Kubernetes says about built-in types and the client library's types do not carry.
/// Keys are the library's type names; members are JSON names.
/// </summary>
internal static class ModelFacts
{
    /// <summary>Facts of one type.</summary>
    public sealed record TypeFacts(string[] Required, bool AtomicObject);

    /// <summary>Facts of one list.</summary>
    public sealed record ListFacts(ListType Type, string[] Keys, string? PatchMergeKey, bool PatchMerges);

    private static readonly TypeFacts Nothing = new([], false);

    /// <summary>Required members that are text, objects or lists, one type a line.</summary>
    private static readonly Dictionary<string, string[]> Required = Table("""
        V1Container: name
        V1EphemeralContainer: name
        V1PodSpec: containers
        V1EnvVar: name
        V1Volume: name
        V1VolumeMount: name mountPath
        V1VolumeDevice: name devicePath
        V1KeyToPath: key path
        V1ConfigMapKeySelector: key
        V1SecretKeySelector: key
        V1ObjectFieldSelector: fieldPath
        V1ResourceFieldSelector: resource
        V1HostPathVolumeSource: path
        V1PersistentVolumeClaimVolumeSource: claimName
        V1HTTPGetAction: port
        V1TCPSocketAction: port
        V1HTTPHeader: name value
        V1LabelSelectorRequirement: key operator
        V1NodeSelectorRequirement: key operator
        V1NodeSelector: nodeSelectorTerms
        V1PodAffinityTerm: topologyKey
        V1WeightedPodAffinityTerm: podAffinityTerm
        V1PreferredSchedulingTerm: preference
        V1TopologySpreadConstraint: topologyKey whenUnsatisfiable
        V1PodReadinessGate: conditionType
        V1PodSchedulingGate: name
        V1HostAlias: ip
        V1Taint: key effect
        V1DeploymentSpec: selector template
        V1ReplicaSetSpec: selector
        V1StatefulSetSpec: selector template
        V1DaemonSetSpec: selector template
        V1JobSpec: template
        V1CronJobSpec: schedule jobTemplate
        V1OwnerReference: apiVersion kind name uid
        V1RoleRef: apiGroup kind name
        Rbacv1Subject: kind name
        V1PolicyRule: verbs
        V1RoleBinding: roleRef
        V1ClusterRoleBinding: roleRef
        V1HTTPIngressRuleValue: paths
        V1HTTPIngressPath: pathType backend
        V1IngressServiceBackend: name
        V1NetworkPolicySpec: podSelector
        V1IPBlock: cidr
        V1EndpointSlice: addressType endpoints
        V1Endpoint: addresses
        V1EndpointAddress: ip
        V2HorizontalPodAutoscalerSpec: scaleTargetRef
        V2CrossVersionObjectReference: kind name
        V2MetricSpec: type
        V2MetricTarget: type
        V2MetricIdentifier: name
        V2ResourceMetricSource: name target
        V2PodsMetricSource: metric target
        V2ObjectMetricSource: describedObject metric target
        V2ExternalMetricSource: metric target
        V2ContainerResourceMetricSource: name container target
        V1StorageClass: provisioner
        V1LimitRangeItem: type
        V1LimitRangeSpec: limits
        V1ScopedResourceSelectorRequirement: operator scopeName
        V1CustomResourceDefinition: spec
        V1CustomResourceDefinitionSpec: group names scope versions
        V1CustomResourceDefinitionNames: plural kind
        V1CustomResourceDefinitionVersion: name
        V1CustomResourceColumnDefinition: name type jsonPath
        V1CustomResourceSubresourceScale: specReplicasPath statusReplicasPath
        V1SelectableField: jsonPath
        V1ValidationRule: rule
        V1MutatingWebhook: name clientConfig sideEffects admissionReviewVersions
        V1ValidatingWebhook: name clientConfig sideEffects admissionReviewVersions
        Corev1Event: metadata involvedObject
        V1Binding: target
        V1SelfSubjectAccessReview: spec
        V1SubjectAccessReview: spec
        V1TokenReview: spec
        """);

    private static readonly HashSet<string> AtomicObjects =
    [
        "V1LabelSelector", "V1ConfigMapKeySelector", "V1SecretKeySelector", "V1LocalObjectReference", "V1ObjectReference",
        "V1ObjectFieldSelector", "V1ResourceFieldSelector", "V1TypedLocalObjectReference", "V1RoleRef", "V1NodeSelector",
        "V1NodeSelectorTerm", "V1OwnerReference", "V1SecretReference", "V1ScopeSelector", "V1ScopedResourceSelectorRequirement",
        "V1FileKeySelector", "Rbacv1Subject", "Discoveryv1EndpointPort", "V1IngressClassParametersReference", "V1TopologySelectorTerm", "V1EndpointAddress",
    ];

    /// <summary>Dictionaries that server-side apply treats as one value.</summary>
    public static readonly HashSet<string> AtomicMaps = ["V1ServiceSpec.selector", "V1PodSpec.nodeSelector", "V1ReplicationControllerSpec.selector"];

    /// <summary>Members whose strategic merge strategy includes retainKeys.</summary>
    public static readonly HashSet<string> RetainKeys = ["V1DeploymentSpec.strategy", "V1PodSpec.volumes"];

    /// <summary>Times with six fraction digits.</summary>
    public static readonly HashSet<string> MicroTimes =
    [
        "V1LeaseSpec.acquireTime", "V1LeaseSpec.renewTime", "Corev1Event.eventTime", "Eventsv1Event.eventTime",
        "Corev1EventSeries.lastObservedTime", "Eventsv1EventSeries.lastObservedTime",
    ];

    /// <summary>
    /// Lists that merge: member, list type with its keys, and the key of a strategic merge patch where it merges ("=" alone: a set of scalars).
    /// Any list that is not here is atomic and replaced, except <c>conditions</c>, which are always a map by type.
    /// </summary>
    private static readonly Dictionary<string, ListFacts> Lists = ListTable("""
        V1ObjectMeta.ownerReferences: map uid | uid
        V1ObjectMeta.finalizers: set | =
        V1PodSpec.containers: map name | name
        V1PodSpec.initContainers: map name | name
        V1PodSpec.ephemeralContainers: map name | name
        V1PodSpec.volumes: map name | name
        V1PodSpec.imagePullSecrets: map name | name
        V1PodSpec.hostAliases: map ip | ip
        V1PodSpec.topologySpreadConstraints: map topologyKey whenUnsatisfiable | topologyKey
        V1PodSpec.resourceClaims: map name | name
        V1PodSpec.schedulingGates: map name | name
        V1PodStatus.podIPs: map ip | ip
        V1PodStatus.hostIPs: atomic | ip
        V1PodStatus.resourceClaimStatuses: map name | name
        V1Container.ports: map containerPort protocol | containerPort
        V1Container.env: map name | name
        V1Container.volumeMounts: map mountPath | mountPath
        V1Container.volumeDevices: map devicePath | devicePath
        V1EphemeralContainer.ports: map containerPort protocol | containerPort
        V1EphemeralContainer.env: map name | name
        V1EphemeralContainer.volumeMounts: map mountPath | mountPath
        V1EphemeralContainer.volumeDevices: map devicePath | devicePath
        V1ResourceRequirements.claims: map name |
        V1ServiceSpec.ports: map port protocol | port
        V1ServiceAccount.secrets: map name | name
        V1NodeStatus.addresses: map type | type
        V1NodeSpec.podCIDRs: set | =
        V1MutatingWebhookConfiguration.webhooks: map name | name
        V1ValidatingWebhookConfiguration.webhooks: map name | name
        V1MutatingWebhook.matchConditions: map name | name
        V1ValidatingWebhook.matchConditions: map name | name
        V1JSONSchemaProps.x-kubernetes-validations: map rule | rule
        V1JSONSchemaProps.required: atomic |
        V1LoadBalancerStatus.ingress: atomic |
        """);

    /// <summary>Text members with a closed set of values.</summary>
    public static readonly Dictionary<string, string[]> Enums = Table("""
        V1ServiceSpec.type: ClusterIP ExternalName LoadBalancer NodePort
        V1ServiceSpec.sessionAffinity: ClientIP None
        V1ServiceSpec.ipFamilyPolicy: SingleStack PreferDualStack RequireDualStack
        V1ServiceSpec.externalTrafficPolicy: Cluster Local
        V1ServiceSpec.internalTrafficPolicy: Cluster Local
        V1ServicePort.protocol: SCTP TCP UDP
        V1ContainerPort.protocol: SCTP TCP UDP
        V1PodSpec.restartPolicy: Always OnFailure Never
        V1PodSpec.dnsPolicy: ClusterFirstWithHostNet ClusterFirst Default None
        V1Container.imagePullPolicy: Always IfNotPresent Never
        V1Container.terminationMessagePolicy: File FallbackToLogsOnError
        V1Toleration.operator: Equal Exists Lt Gt
        V1LabelSelectorRequirement.operator: In NotIn Exists DoesNotExist
        V1NodeSelectorRequirement.operator: In NotIn Exists DoesNotExist Gt Lt
        V1TopologySpreadConstraint.whenUnsatisfiable: DoNotSchedule ScheduleAnyway
        V1DeploymentStrategy.type: Recreate RollingUpdate
        V1StatefulSetUpdateStrategy.type: RollingUpdate OnDelete
        V1DaemonSetUpdateStrategy.type: RollingUpdate OnDelete
        V1StatefulSetSpec.podManagementPolicy: OrderedReady Parallel
        V1JobSpec.completionMode: NonIndexed Indexed
        V1CronJobSpec.concurrencyPolicy: Allow Forbid Replace
        V1HTTPIngressPath.pathType: Exact ImplementationSpecific Prefix
        V1EndpointSlice.addressType: FQDN IPv4 IPv6
        V1StorageClass.reclaimPolicy: Delete Retain
        V1StorageClass.volumeBindingMode: Immediate WaitForFirstConsumer
        V1Taint.effect: NoSchedule PreferNoSchedule NoExecute
        V1CustomResourceDefinitionSpec.scope: Cluster Namespaced
        V2MetricSpec.type: ContainerResource External Object Pods Resource
        V2MetricTarget.type: AverageValue Utilization Value
        """);

    /// <summary>Every "Type.member" that this file speaks of.</summary>
    internal static IEnumerable<string> AllPaths =>
        Required.SelectMany(r => r.Value.Select(m => r.Key + "." + m)).Concat(AtomicMaps).Concat(RetainKeys).Concat(MicroTimes).Concat(Lists.Keys).Concat(Enums.Keys);

    public static TypeFacts Of(string typeName)
    {
        var required = Required.GetValueOrDefault(typeName);
        var atomic = AtomicObjects.Contains(typeName);
        return required is null && !atomic ? Nothing : new TypeFacts(required ?? [], atomic);
    }

    public static ListFacts ListOf(string path, Type element)
    {
        if (Lists.TryGetValue(path, out var facts))
            return facts;
        var isConditions = path.EndsWith(".conditions", StringComparison.Ordinal) && element.GetProperty("Type") is not null;
        return isConditions ? new ListFacts(ListType.Map, ["type"], "type", true) : new ListFacts(ListType.Atomic, [], null, false);
    }

    private static Dictionary<string, string[]> Table(string lines) => lines
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(l => l.Split(": ", 2))
        .ToDictionary(l => l[0], l => l[1].Split(' ', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);

    private static Dictionary<string, ListFacts> ListTable(string lines) => lines
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(l => l.Split(": ", 2))
        .ToDictionary(l => l[0], l => List(l[1]), StringComparer.Ordinal);

    private static ListFacts List(string text)
    {
        var halves = text.Split('|', StringSplitOptions.TrimEntries);
        var words = halves[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var type = words[0] switch { "map" => ListType.Map, "set" => ListType.Set, _ => ListType.Atomic };
        var key = halves[1] is "" or "=" ? null : halves[1];
        return new ListFacts(type, words[1..], key, halves[1].Length > 0);
    }
}
