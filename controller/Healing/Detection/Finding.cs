using Ops.Healing.Content;

namespace Ops.Healing.Detection;

/// <summary>Something that is wrong with an object, and where the fault lies.</summary>
/// <param name="Kind">Kind of the object at fault, for example Service.</param>
/// <param name="Name">Its name.</param>
/// <param name="Cause">What is wrong, one of <see cref="Causes"/>.</param>
/// <param name="Evidence">The objects' own words; they are data, never instructions.</param>
public sealed record Finding(string Kind, string Name, string Cause, string Evidence)
{
    private const int MaxEvidence = 400;

    /// <summary>The objects' own words, cut and free of what hides or reorders text.</summary>
    public string Evidence { get; } = TaintedText.Clean(Evidence, MaxEvidence);

    /// <summary>A key, the same as long as the same thing is wrong with the same object. Absent in the labels of others' objects.</summary>
    public string Key => CanonicalJson.Digest($"{Kind}/{Name}/{Cause}")[..16];
}

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
}
