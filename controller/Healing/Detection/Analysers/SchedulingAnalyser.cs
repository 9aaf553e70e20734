using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Pods that no node takes.</summary>
internal sealed class SchedulingAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        foreach (var workload in snapshot.Workloads)
        {
            var waiting = workload.Pods.Select(pod => pod.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "PodScheduled", Status: "False", Reason: "Unschedulable" })).FirstOrDefault(condition => condition is not null);
            if (waiting is not null)
                yield return new(workload.Kind, workload.Name, Cause(TemplateChange.Since(memory, workload)), waiting.Message ?? "no node takes the pod");
        }
    }

    // What was changed since the pods last found a node is why they do not now; the scheduler's words are only shown.
    private static string Cause(IReadOnlyList<string> changes) =>
        changes.Touches("nodeSelector") ? Causes.NodeSelectorMatchesNothing
        : changes.Touches("resources") ? Causes.RequestTooLarge
        : changes.Touches("hostPort", "ports") ? Causes.HostPortConflict
        : changes.Touches("affinity") ? Causes.AffinityDeadlock
        : changes.Touches("tolerations") ? Causes.TaintNotTolerated
        : changes.Touches("volumes") ? Causes.WrongVolume
        : Causes.Unschedulable;
}
