using k8s;
using k8s.Models;

namespace Ops.Healing.Cluster;

/// <summary>A Deployment or StatefulSet with its pods, in one shape.</summary>
/// <param name="Object">The object itself.</param>
/// <param name="Kind">Deployment or StatefulSet.</param>
/// <param name="Replicas">Pods that are asked for.</param>
/// <param name="Total">Pods that it has, of every template, by its own status.</param>
/// <param name="Ready">Pods that are ready, by its own status.</param>
/// <param name="Updated">Pods of the newest template, by its own status.</param>
/// <param name="IsObserved">Whether its status was made from its newest spec.</param>
/// <param name="Template">Its pod template.</param>
/// <param name="Pods">Its pods that are not leaving.</param>
public sealed record Workload(
    IKubernetesObject<V1ObjectMeta> Object, string Kind, int Replicas, int Total, int Ready, int Updated, bool IsObserved, V1PodTemplateSpec Template, IReadOnlyList<V1Pod> Pods)
{
    /// <summary>The name.</summary>
    public string Name => Object.Metadata.Name;

    /// <summary>
    /// Whether everything that is asked for runs, in its newest form, and nothing else: in the middle of a rollout the old pods
    /// are the ready ones and the new ones are the updated ones.
    /// </summary>
    public bool IsHealthy => IsObserved && Replicas > 0 && Total == Replicas && Ready == Replicas && Updated == Replicas;
}
