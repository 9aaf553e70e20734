using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection.Analysers;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection;

/// <summary>Every analyser over a snapshot.</summary>
public static class Diagnosis
{
    // The table of contents of what is noticed. The order is that of the answers.
    private static readonly IAnalyser[] Analysers =
    [
        new CustomResourceAnalyser(),
        new ReplicaAnalyser(),
        new DeletionAnalyser(),
        new ConfigReferenceAnalyser(),
        new QuotaAnalyser(),
        new LimitRangeAnalyser(),
        new AdmissionAnalyser(),
        new MutationAnalyser(),
        new SchedulingAnalyser(),
        new ContainerAnalyser(),
        new ReadinessAnalyser(),
        new AutoscalerAnalyser(),
        new ServiceAnalyser(),
        new IngressAnalyser(),
        new NetworkPolicyAnalyser(),
        new DisruptionBudgetAnalyser(),
        new AccessAnalyser(),
        new JobAnalyser(),
        // Last: what an object itself says is more certain than what its metrics suggest.
        new RootCauseAnalyser(),
    ];

    /// <summary>What is wrong, at most one finding an object: the first analyser that has something to say about it.</summary>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    public static IReadOnlyList<Finding> Of(NamespaceSnapshot snapshot, Baseline memory)
    {
        List<Finding> concrete = [.. Analysers.SelectMany(analyser => analyser.Analyse(snapshot, memory)).Select(finding => AtOwner(finding, snapshot)).DistinctBy(finding => (finding.Kind, finding.Name))];
        // A goal is missed because of something: while a fault is known that may be it, that is what is repaired.
        return concrete.Exists(finding => finding.Kind is not (V1Job.KubeKind or V1CronJob.KubeKind)) ? concrete : [.. concrete, .. GoalFindings.Of(snapshot)];
    }

    // What is wrong with something that a custom resource of Ops makes is wrong with that resource: it would be made again.
    private static Finding AtOwner(Finding finding, NamespaceSnapshot snapshot) =>
        snapshot.Find(finding.Kind, finding.Name)?.Metadata.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true && owner.ApiVersion.StartsWith(ApiGroup.Name + "/", StringComparison.Ordinal)) is { } owner
            ? new(owner.Kind, owner.Name, Causes.BadCustomResource, $"{finding.Cause}: {finding.Evidence}")
            : finding;
}
