using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Pods that have lower limits than their template asks for, and do not run, since a webhook that changes pods was changed.</summary>
internal sealed class MutationAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory) =>
        from webhook in snapshot.Others.OfType<V1MutatingWebhookConfiguration>()
        where Remembered.Changed(memory, webhook)
        from workload in snapshot.Workloads
        from pod in Shrunk(workload)
        select new Finding(V1MutatingWebhookConfiguration.KubeKind, webhook.Metadata.Name, Causes.LimitsShrunk, $"pod {pod.Metadata.Name} has lower limits than {workload.Kind} {workload.Name} asks for, and does not run");

    /// <summary>Pods of a workload that are not ready and have a lower limit than their template.</summary>
    public static IEnumerable<V1Pod> Shrunk(Workload workload) => workload.Pods
        .Where(pod => pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "False" }) == true && IsShrunk(pod, workload.Template));

    private static bool IsShrunk(V1Pod pod, V1PodTemplateSpec template) => pod.Spec.Containers.Any(container =>
        template.Spec.Containers.FirstOrDefault(one => one.Name == container.Name)?.Resources?.Limits is { } wanted
        && container.Resources?.Limits is { } limits && wanted.Any(limit => limits.TryGetValue(limit.Key, out var given) && given.ToDecimal() < limit.Value.ToDecimal()));
}
