using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Detection.Analysers;
using Ops.Healing.Memory;

namespace Ops.Healing.Executing;

/// <summary>Whether a repair helped, by signals that no action writes: pods that are ready, addresses behind a Service.</summary>
public static class Verification
{
    /// <summary>What is still wrong, one sentence; null when the object is as well as it last was.</summary>
    /// <param name="kind">Kind of the object at fault.</param>
    /// <param name="name">Its name.</param>
    /// <param name="snapshot">The namespace now.</param>
    /// <param name="memory">Its last good states.</param>
    /// <param name="findings">What is wrong in it.</param>
    public static string? Trouble(string kind, string name, NamespaceSnapshot snapshot, Baseline memory, IReadOnlyCollection<Finding> findings)
    {
        if (findings.FirstOrDefault(finding => finding.Kind == kind && finding.Name == name) is { } finding)
            return $"{finding.Cause}: {finding.Evidence}";
        switch (kind)
        {
            case V1Service.KubeKind:
                return snapshot.ReadyAddresses(name) > 0 ? null : "no ready address is behind the Service";
            case V1Deployment.KubeKind or V1StatefulSet.KubeKind:
                var wanted = memory.Of(kind, name)?.Replicas ?? 1;
                return snapshot.Workload(kind, name) is not { } workload ? "the workload is gone"
                    : !workload.IsHealthy || workload.Ready < wanted ? $"{workload.Ready} of {Math.Max(wanted, workload.Replicas)} pods are ready"
                    : null;
            case ModelPool.KindName or ModelRoute.KindName or ShardedStore.KindName:
                return Conditions.IsTrue(CustomResourceAnalyser.ConditionsOf(snapshot.Find(kind, name)), "Ready") ? null : $"the condition Ready of {kind} {name} is not true";
            case V1Pod.KubeKind:
                // The pod is gone; what counts is whether its workload has all it should have. The longest name is the pod's own.
                return snapshot.Workloads.Where(one => name.StartsWith(one.Name + "-", StringComparison.Ordinal)).MaxBy(one => one.Name.Length) is { IsHealthy: false } owner
                    ? $"{owner.Ready} of {owner.Replicas} pods of {owner.Name} are ready"
                    : null;
            default:
                return null;
        }
    }
}
