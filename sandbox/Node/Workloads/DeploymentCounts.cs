using k8s.Models;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>The counts of a Deployment's status, summed over its sets' statuses.</summary>
internal sealed record DeploymentCounts(int Replicas, int Updated, int Ready, int Available, int Terminating)
{
    public int Unavailable => Math.Max(0, Replicas - Available);

    public static DeploymentCounts Of(V1Deployment deployment, IReadOnlyList<V1ReplicaSet> sets, V1ReplicaSet? newSet) => new(
        sets.Sum(set => set.Status?.Replicas ?? 0),
        newSet?.Status?.Replicas ?? 0,
        sets.Sum(set => set.Status?.ReadyReplicas ?? 0),
        sets.Sum(set => set.Status?.AvailableReplicas ?? 0),
        sets.Sum(set => set.Status?.TerminatingReplicas ?? 0));
}
