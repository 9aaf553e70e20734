using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Which pods a smaller set gives up first: the least useful ones, in Kubernetes' order.</summary>
internal static class PodRanking
{
    private const string DeletionCost = "controller.kubernetes.io/pod-deletion-cost";

    public static IEnumerable<V1Pod> FirstToGo(IReadOnlyCollection<V1Pod> pods)
    {
        var perNode = pods.Where(pod => pod.Spec.NodeName is not null).CountBy(pod => pod.Spec.NodeName).ToDictionary();
        return pods
            .OrderBy(pod => string.IsNullOrEmpty(pod.Spec.NodeName) ? 0 : 1)
            .ThenBy(pod => pod.Status?.Phase switch { "Pending" or null => 0, "Running" => 2, _ => 1 })
            .ThenBy(pod => Pods.IsReady(pod) ? 1 : 0)
            .ThenBy(Cost)
            .ThenByDescending(pod => pod.Spec.NodeName is { } node ? perNode[node] : 0)
            .ThenByDescending(pod => Pods.Condition(pod, "Ready")?.LastTransitionTime ?? DateTime.MinValue)
            .ThenByDescending(pod => pod.Status?.ContainerStatuses?.Select(status => status.RestartCount).DefaultIfEmpty().Max() ?? 0)
            .ThenByDescending(pod => pod.Metadata.CreationTimestamp ?? DateTime.MinValue)
            .ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal);
    }

    private static int Cost(V1Pod pod) =>
        pod.Metadata.Annotations is { } notes && notes.TryGetValue(DeletionCost, out var text) && int.TryParse(text, out var cost) ? cost : 0;
}
