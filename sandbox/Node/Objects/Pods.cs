using k8s.Models;

namespace Ops.Sandbox.Node.Objects;

/// <summary>What the controllers ask of a pod.</summary>
internal static class Pods
{
    public static bool IsTerminal(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    public static bool IsTerminating(V1Pod pod) => pod.Metadata.DeletionTimestamp is not null;

    /// <summary>A pod that still counts towards a controller's replicas.</summary>
    public static bool IsActive(V1Pod pod) => !IsTerminal(pod) && !IsTerminating(pod);

    public static V1PodCondition? Condition(V1Pod pod, string type) =>
        pod.Status?.Conditions?.FirstOrDefault(condition => condition.Type == type);

    public static bool IsReady(V1Pod pod) => Condition(pod, "Ready") is { Status: "True" };

    /// <summary>Ready for at least the given time; with zero seconds, ready is enough.</summary>
    public static bool IsAvailable(V1Pod pod, int minReadySeconds, DateTimeOffset now)
    {
        if (Condition(pod, "Ready") is not { Status: "True" } ready)
            return false;
        return minReadySeconds == 0
            || (ready.LastTransitionTime is { } since && since.AddSeconds(minReadySeconds) <= now.UtcDateTime);
    }

    /// <summary>When a ready pod becomes available; null when it already is or is not ready.</summary>
    public static TimeSpan? UntilAvailable(V1Pod pod, int minReadySeconds, DateTimeOffset now)
    {
        if (minReadySeconds == 0 || Condition(pod, "Ready") is not { Status: "True", LastTransitionTime: { } since })
            return null;
        var left = since.AddSeconds(minReadySeconds) - now.UtcDateTime;
        return left > TimeSpan.Zero ? left : null;
    }

    /// <summary>A new pod of a template: labels, annotations and spec of the template, and one controlling owner.</summary>
    public static V1Pod FromTemplate(V1PodTemplateSpec template, string @namespace, V1OwnerReference owner, string? name, string? generateName)
    {
        var copy = Canonical.Copy(template);
        return new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = name,
                GenerateName = generateName,
                NamespaceProperty = @namespace,
                Labels = copy.Metadata?.Labels is { } labels ? new Dictionary<string, string>(labels) : [],
                Annotations = copy.Metadata?.Annotations,
                Finalizers = copy.Metadata?.Finalizers,
                OwnerReferences = [owner],
            },
            Spec = copy.Spec,
        };
    }
}
