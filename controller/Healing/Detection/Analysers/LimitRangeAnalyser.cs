using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Limits for containers that were narrowed until running pods would not pass any more.</summary>
internal sealed class LimitRangeAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory) =>
        from range in snapshot.Others.OfType<V1LimitRange>()
        where Remembered.Changed(memory, range)
        from item in range.Spec.Limits
        where item.Type == "Container"
        from workload in snapshot.Workloads
        from container in workload.Template.Spec.Containers
        let broken = Broken(item, container.Resources)
        where broken is not null
        select new Finding(V1LimitRange.KubeKind, range.Metadata.Name, Causes.LimitRangeTooSmall, $"{workload.Kind} {workload.Name}: {broken}");

    private static string? Broken(V1LimitRangeItem item, V1ResourceRequirements? resources)
    {
        foreach (var amounts in new[] { resources?.Limits, resources?.Requests }.OfType<IDictionary<string, ResourceQuantity>>())
        {
            foreach (var (name, amount) in amounts)
            {
                if (item.Max is { } max && max.TryGetValue(name, out var most) && amount.ToDecimal() > most.ToDecimal())
                    return $"{name} {amount} is above the maximum {most}";
                if (item.Min is { } min && min.TryGetValue(name, out var least) && amount.ToDecimal() < least.ToDecimal())
                    return $"{name} {amount} is below the minimum {least}";
            }
        }

        return null;
    }
}
