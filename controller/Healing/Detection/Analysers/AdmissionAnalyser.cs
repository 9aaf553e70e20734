using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Pods that the API server refuses to make, as their ReplicaSets tell.</summary>
internal sealed class AdmissionAnalyser : IAnalyser
{
    // Fields that the pod security levels look at.
    private static readonly string[] Security = ["securityContext", "hostNetwork", "hostPID", "hostIPC", "hostPath", "hostPort", "procMount"];

    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        foreach (var workload in snapshot.Workloads)
        {
            var refused = snapshot.ReplicaSets
                .Where(set => set.Metadata.OwnerReferences?.Any(owner => owner.Uid == workload.Object.Metadata.Uid) == true)
                .SelectMany(set => set.Status?.Conditions ?? []).FirstOrDefault(condition => condition is { Type: "ReplicaFailure", Status: "True" });
            // A quota or limit that refuses pods is found by itself: the fault lies there.
            if (refused is null || new QuotaAnalyser().Analyse(snapshot, memory).Concat(new LimitRangeAnalyser().Analyse(snapshot, memory)).Any())
                continue;
            var cause = TemplateChange.Since(memory, workload).Touches(Security) ? Causes.PodSecurityRefused : Causes.CreationRefused;
            yield return new(workload.Kind, workload.Name, cause, refused.Message ?? "the API server refuses its pods");
        }
    }
}
