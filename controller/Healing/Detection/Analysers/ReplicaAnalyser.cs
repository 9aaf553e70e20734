using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Workloads that were scaled to nothing. One that always was at 0 is as its owner wants it.</summary>
internal sealed class ReplicaAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory) =>
        from workload in snapshot.Workloads
        where workload.Replicas == 0 && memory.Of(workload.Kind, workload.Name)?.Replicas > 0
        select new Finding(workload.Kind, workload.Name, Causes.ScaledToZero, $"spec.replicas is 0 and was {memory.Of(workload.Kind, workload.Name)!.Replicas}");
}
