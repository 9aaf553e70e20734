using System.Globalization;
using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Quotas that were lowered below what already runs: nothing fails until the next pod is wanted.</summary>
internal sealed class QuotaAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        var needs = Needs(snapshot);
        foreach (var quota in snapshot.Others.OfType<V1ResourceQuota>())
        {
            var good = Remembered.Of<V1ResourceQuota>(memory, quota.Metadata.Name)?.Spec?.Hard;
            var low = (quota.Spec?.Hard ?? new Dictionary<string, ResourceQuantity>())
                .Where(hard => needs.TryGetValue(hard.Key, out var need) && hard.Value.ToDecimal() < need)
                .FirstOrDefault(hard => good is not null && (!good.TryGetValue(hard.Key, out var was) || was.ToDecimal() > hard.Value.ToDecimal()));
            if (low.Key is not null)
                yield return new(V1ResourceQuota.KubeKind, quota.Metadata.Name, Causes.QuotaTooSmall, string.Create(CultureInfo.InvariantCulture, $"{low.Key} is {low.Value} and the workloads ask for {needs[low.Key]}"));
        }
    }

    /// <summary>What the workloads ask for, by the names that quotas use.</summary>
    private static Dictionary<string, decimal> Needs(NamespaceSnapshot snapshot)
    {
        var needs = new Dictionary<string, decimal> { ["pods"] = snapshot.Workloads.Sum(workload => workload.Replicas) };
        foreach (var workload in snapshot.Workloads)
        {
            foreach (var container in workload.Template.Spec.Containers)
            {
                foreach (var (name, amount) in container.Resources?.Requests ?? new Dictionary<string, ResourceQuantity>())
                    needs[$"requests.{name}"] = needs.GetValueOrDefault($"requests.{name}") + (workload.Replicas * amount.ToDecimal());
                foreach (var (name, amount) in container.Resources?.Limits ?? new Dictionary<string, ResourceQuantity>())
                    needs[$"limits.{name}"] = needs.GetValueOrDefault($"limits.{name}") + (workload.Replicas * amount.ToDecimal());
            }
        }

        foreach (var name in (string[])["cpu", "memory"])
            needs[name] = needs.GetValueOrDefault($"requests.{name}");
        return needs;
    }
}
