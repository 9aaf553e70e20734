using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Healing.Catalogue.Actions;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Pods that no node takes.</summary>
internal sealed class SchedulingAnalyser : IAnalyser
{
    // A pod may be seen before the change of its template or of its node is: without one it has to wait for so long. Times are
    // whole seconds. What nothing explains waits longer: it is for a person, and a node that has just been freed is soon used.
    private static readonly TimeSpan Explained = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Unexplained = TimeSpan.FromSeconds(15);

    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        foreach (var workload in snapshot.Workloads)
        {
            if (workload.Pods.FirstOrDefault(pod => Waiting(pod) is not null) is not { } pod)
                continue;
            var (message, changes) = (Waiting(pod)!.Message ?? "no node takes the pod", TemplateChange.Since(memory, workload));
            if (changes.Count > 0)
                yield return new(workload.Kind, workload.Name, Cause(changes, workload, snapshot), message);
            else if (Preemptor(pod, snapshot, memory) is { } preemptor)
                yield return new(preemptor.Kind, preemptor.Name, Causes.PreemptsOthers, $"its pods have priority {Priority(preemptor)} since its class was changed, and pods of {workload.Name} wait: {message}");
            else if (Age(pod, snapshot) < Explained)
                continue;
            else if (snapshot.Nodes.Select(node => OfNode(node, memory)).OfType<Finding>().ToList() is { Count: > 0 } nodes)
                foreach (var node in nodes)
                    yield return node;
            else if (Age(pod, snapshot) >= Unexplained)
                yield return new(workload.Kind, workload.Name, Causes.Unschedulable, message);
        }
    }

    // A workload that got another class and has pods on nodes that go before the one that waits.
    private static Workload? Preemptor(V1Pod waiting, NamespaceSnapshot snapshot, Baseline memory) => snapshot.Workloads.FirstOrDefault(workload =>
        TemplateChange.Since(memory, workload).Touches("priorityClassName") && Priority(workload) > (waiting.Spec.Priority ?? 0));

    private static int Priority(Workload workload) => workload.Pods.Select(pod => pod.Spec.Priority ?? 0).DefaultIfEmpty(0).Max();

    private static TimeSpan Age(V1Pod pod, NamespaceSnapshot snapshot) => snapshot.Now.UtcDateTime - (pod.Metadata.CreationTimestamp ?? default);

    private static V1PodCondition? Waiting(V1Pod pod) =>
        pod.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "PodScheduled", Status: "False", Reason: "Unschedulable" });

    // What was changed since the pods last found a node is why they do not now; the scheduler's words are only shown.
    private static string Cause(IReadOnlyList<string> changes, Workload workload, NamespaceSnapshot snapshot) =>
        changes.Touches("nodeSelector") ? Causes.NodeSelectorMatchesNothing
        : changes.Touches("priorityClassName") && workload.Pods.Any(pod => pod.Status?.NominatedNodeName is not null) ? Causes.PreemptsOthers
        : changes.Touches("resources") ? Causes.RequestTooLarge
        : changes.Touches("hostPort", "ports") ? Causes.HostPortConflict
        : changes.Touches("affinity") ? Causes.AffinityDeadlock
        : changes.Touches("tolerations") ? Causes.TaintNotTolerated
        : changes.Touches("volumes") ? OfVolumes(workload, snapshot)
        : Causes.Unschedulable;

    private static string OfVolumes(Workload workload, NamespaceSnapshot snapshot)
    {
        var names = (workload.Template.Spec.Volumes ?? []).Select(volume => volume.PersistentVolumeClaim?.ClaimName).OfType<string>().ToList();
        var claims = snapshot.Claims.Where(claim => names.Contains(claim.Metadata.Name)).ToList();
        if (claims.Count < names.Count)
            return Causes.WrongVolume;
        var unbound = claims.FirstOrDefault(claim => claim.Status?.Phase != "Bound");
        return unbound is null ? Causes.VolumeAffinityConflict
            : snapshot.StorageClasses.All(one => one.Metadata.Name != unbound.Spec.StorageClassName) ? Causes.StorageClassMissing
            : Causes.WrongVolume;
    }

    // Only nodes that pods of the namespace ran on when all was well.
    private static Finding? OfNode(V1Node node, Baseline memory)
    {
        if (memory.Of(V1Node.KubeKind, node.Metadata.Name) is null)
            return null;
        if (node.Spec.Unschedulable == true)
            return new(V1Node.KubeKind, node.Metadata.Name, Causes.NodeCordoned, "spec.unschedulable is true, and pods wait for a node");
        return NewTaints(node, memory).FirstOrDefault() is { } taint
            ? new(V1Node.KubeKind, node.Metadata.Name, Causes.TaintNotTolerated, $"taint {taint.Key}, and pods wait for a node")
            : null;
    }

    /// <summary>Taints that keep pods away and that the node did not have when all was well; none of Kubernetes' own.</summary>
    public static IEnumerable<V1Taint> NewTaints(V1Node node, Baseline memory)
    {
        var old = (memory.Of(V1Node.KubeKind, node.Metadata.Name)?.Content["spec"]?["taints"] as JsonArray ?? []).Select(taint => (string?)taint!["key"]).ToHashSet();
        return (node.Spec.Taints ?? []).Where(taint => taint.Effect is "NoSchedule" or "NoExecute" && !old.Contains(taint.Key) && !RemoveTaint.IsKubernetes(taint.Key));
    }
}
