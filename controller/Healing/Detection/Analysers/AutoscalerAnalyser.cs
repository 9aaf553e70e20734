using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Autoscalers whose target lost the requests that they measure against.</summary>
internal sealed class AutoscalerAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        foreach (var scaler in snapshot.Others.OfType<V2HorizontalPodAutoscaler>())
        {
            var measured = (scaler.Spec.Metrics ?? []).Where(metric => metric.Resource?.Target.AverageUtilization is not null).Select(metric => metric.Resource.Name).ToList();
            var target = scaler.Spec.ScaleTargetRef;
            if (snapshot.Workload(target.Kind, target.Name) is { } workload && TemplateChange.Since(memory, workload).Touches("resources", "requests")
                && measured.FirstOrDefault(resource => workload.Template.Spec.Containers.Any(container => container.Resources?.Requests?.ContainsKey(resource) != true)) is { } missing)
            {
                yield return new(workload.Kind, workload.Name, Causes.RequestsMissing, $"HorizontalPodAutoscaler {scaler.Metadata.Name} measures {missing} against requests that a container does not have");
            }
        }
    }
}
