namespace Ops.Healing.Detection;

/// <summary>What can be wrong, as CamelCase words.</summary>
public static class Causes
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [.. typeof(Causes).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).Order(StringComparer.Ordinal)];

    /// <summary>spec.replicas is 0 and was not.</summary>
    public const string ScaledToZero = "ScaledToZero";

    /// <summary>An image that cannot be pulled.</summary>
    public const string BadImage = "BadImage";

    /// <summary>A command or arguments that fail.</summary>
    public const string BadCommand = "BadCommand";

    /// <summary>A variable is missing or wrong, and the container fails.</summary>
    public const string BadEnvironment = "BadEnvironment";

    /// <summary>Containers end, and nothing in their template tells why.</summary>
    public const string ContainerFails = "ContainerFails";

    /// <summary>The containers run, and a probe fails since it was changed.</summary>
    public const string WrongProbe = "WrongProbe";

    /// <summary>The containers run and are not ready.</summary>
    public const string NotReady = "NotReady";

    /// <summary>Pods that were ready are not any more; nothing of theirs changed, and they read a Secret at their start only.</summary>
    public const string StaleSecret = "StaleSecret";

    /// <summary>An init container does not end.</summary>
    public const string InitNeverEnds = "InitNeverEnds";

    /// <summary>The memory limit is below what the program needs.</summary>
    public const string MemoryLimitTooSmall = "MemoryLimitTooSmall";

    /// <summary>No node has the labels that nodeSelector asks for.</summary>
    public const string NodeSelectorMatchesNothing = "NodeSelectorMatchesNothing";

    /// <summary>No node has room for the requests.</summary>
    public const string RequestTooLarge = "RequestTooLarge";

    /// <summary>A host port that is taken.</summary>
    public const string HostPortConflict = "HostPortConflict";

    /// <summary>Affinity rules that no node satisfies.</summary>
    public const string AffinityDeadlock = "AffinityDeadlock";

    /// <summary>A taint that the pods do not tolerate any more.</summary>
    public const string TaintNotTolerated = "TaintNotTolerated";

    /// <summary>Pods wait for a node, and nothing in their template tells why.</summary>
    public const string Unschedulable = "Unschedulable";

    /// <summary>A volume that cannot be mounted.</summary>
    public const string WrongVolume = "WrongVolume";

    /// <summary>A ConfigMap that a workload reads is gone.</summary>
    public const string ConfigMapMissing = "ConfigMapMissing";

    /// <summary>An entry of a ConfigMap that a workload reads is gone.</summary>
    public const string ConfigMapKeyMissing = "ConfigMapKeyMissing";

    /// <summary>A workload names a ConfigMap or an entry that never was.</summary>
    public const string WrongReference = "WrongReference";

    /// <summary>A Service that was there is gone, and its pods are not.</summary>
    public const string ServiceDeleted = "ServiceDeleted";

    /// <summary>A Service selects no pod, or fewer than it did.</summary>
    public const string WrongSelector = "WrongSelector";

    /// <summary>A Service selects pods of strangers.</summary>
    public const string SelectorTooBroad = "SelectorTooBroad";

    /// <summary>A Service leads to a port that its pods do not open.</summary>
    public const string WrongTargetPort = "WrongTargetPort";

    /// <summary>A rollout may take every pod at once, and the new ones do not come.</summary>
    public const string RolloutTakesAll = "RolloutTakesAll";

    /// <summary>The namespace's pod security level refuses the pods.</summary>
    public const string PodSecurityRefused = "PodSecurityRefused";

    /// <summary>Pods of more priority than they had take the room of others.</summary>
    public const string PreemptsOthers = "PreemptsOthers";

    /// <summary>A webhook of the namespace was changed, and since then the API server refuses the pods.</summary>
    public const string WebhookRefuses = "WebhookRefuses";

    /// <summary>A webhook of the namespace was changed, and since then pods get lower limits than they ask for and do not run.</summary>
    public const string LimitsShrunk = "LimitsShrunk";

    /// <summary>The API server refuses the pods, and no object of the namespace tells why.</summary>
    public const string CreationRefused = "CreationRefused";

    /// <summary>A claim's storage class does not exist.</summary>
    public const string StorageClassMissing = "StorageClassMissing";

    /// <summary>The volume of a claim is on a node where the pods cannot run.</summary>
    public const string VolumeAffinityConflict = "VolumeAffinityConflict";

    /// <summary>Nodes that the pods ran on take no pods any more.</summary>
    public const string NodeCordoned = "NodeCordoned";

    /// <summary>A Service leads only to pods of the caller's own node, and not every node has one.</summary>
    public const string LocalTrafficOnly = "LocalTrafficOnly";

    /// <summary>An Ingress leads to a Service or a port that does not exist.</summary>
    public const string WrongBackend = "WrongBackend";

    /// <summary>An autoscaler measures against requests that the pods do not have.</summary>
    public const string RequestsMissing = "RequestsMissing";

    /// <summary>A quota is below what already runs: the next pod is refused.</summary>
    public const string QuotaTooSmall = "QuotaTooSmall";

    /// <summary>Limits that already running pods would not pass: the next pod is refused.</summary>
    public const string LimitRangeTooSmall = "LimitRangeTooSmall";

    /// <summary>A network policy lets nobody in any more.</summary>
    public const string NetworkPolicyDenies = "NetworkPolicyDenies";

    /// <summary>A disruption budget that allowed disruptions allows none.</summary>
    public const string DisruptionsBlocked = "DisruptionsBlocked";

    /// <summary>A binding that gave a workload's account its rights is gone, or leaves it out.</summary>
    public const string AccessRevoked = "AccessRevoked";

    /// <summary>A custom resource of Ops says that its spec is at fault.</summary>
    public const string BadCustomResource = "BadCustomResource";

    /// <summary>A deleted object stays because of a finalizer whose owner is gone.</summary>
    public const string FinalizerOrphaned = "FinalizerOrphaned";

    /// <summary>The root-cause service names a workload whose processor use moved first.</summary>
    public const string ProcessorSaturated = "ProcessorSaturated";

    /// <summary>The root-cause service names a workload that others wait for or fail with.</summary>
    public const string ServiceDegraded = "ServiceDegraded";

    /// <summary>A Job gave up.</summary>
    public const string JobFailed = "JobFailed";

    /// <summary>A CronJob that ran is suspended.</summary>
    public const string CronJobSuspended = "CronJobSuspended";

    /// <summary>A goal is missed, and requests rose since it was met.</summary>
    public const string LoadRose = "LoadRose";

    /// <summary>A goal for the processor is missed, and requests did not rise or do not explain it.</summary>
    public const string ProcessorStressed = "ProcessorStressed";

    /// <summary>A goal is missed, and nothing that is measured tells why.</summary>
    public const string GoalMissed = "GoalMissed";

    /// <summary>A goal asks for another number of pods.</summary>
    public const string OtherReplicasWanted = "OtherReplicasWanted";

    /// <summary>A goal would be met with fewer pods.</summary>
    public const string PodsIdle = "PodsIdle";

    /// <summary>Nothing is wrong: a person asked for it.</summary>
    public const string Asked = "Asked";

    /// <summary>Whether a goal of a policy is missed, rather than an object broken.</summary>
    /// <param name="cause">A cause.</param>
    public static bool IsOfGoal(string cause) => cause is LoadRose or ProcessorStressed or GoalMissed or OtherReplicasWanted or PodsIdle;
}
