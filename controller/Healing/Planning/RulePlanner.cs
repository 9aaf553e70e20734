using System.Globalization;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue.Actions;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Memory;

namespace Ops.Healing.Planning;

/// <summary>The rules: a finding to typed actions. Deterministic; a finding without a rule has no plan.</summary>
public static class RulePlanner
{
    /// <summary>The plan, or null where no rule helps.</summary>
    /// <param name="finding">What is wrong.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    public static HealingPlan? Plan(Finding finding, NamespaceSnapshot snapshot, Baseline memory)
    {
        if (memory.Of(finding.Kind, finding.Name) is not { } good)
            return null;
        return finding.Cause switch
        {
            Causes.ScaledToZero => new(
                string.Create(CultureInfo.InvariantCulture, $"It ran {good.Replicas} replicas when it last was well."),
                [Action(nameof(ScaleWorkload), finding, ScaleWorkload.ReplicasParameter, good.Replicas!.Value.ToString(CultureInfo.InvariantCulture))]),
            Causes.ServiceDeleted => new("Its pods are still there; it is made anew as it last worked.", [Restoring(nameof(RecreateObject), finding, good)]),
            Causes.WrongSelector or Causes.SelectorTooBroad or Causes.WrongTargetPort =>
                new("Selector and ports go back to what last worked.", [Restoring(nameof(RestoreService), finding, good)]),
            Causes.ConfigMapMissing => new("Workloads read it; it is made anew as it last was.", [Restoring(nameof(RecreateObject), finding, good)]),
            Causes.ConfigMapKeyMissing => new("Workloads read entries that it lost; these come back.", [Restoring(nameof(RestoreConfigMap), finding, good)]),
            _ => OfWorkload(finding, snapshot, memory, good),
        };
    }

    // Whatever else is wrong with a workload began with a change of its pod template, or no rule knows it.
    private static HealingPlan? OfWorkload(Finding finding, NamespaceSnapshot snapshot, Baseline memory, GoodState good)
    {
        if (finding.Kind is not (V1Deployment.KubeKind or V1StatefulSet.KubeKind)
            || snapshot.Workload(finding.Kind, finding.Name) is not { } workload
            || TemplateChange.Since(memory, workload) is not { Count: > 0 } changes)
        {
            return null;
        }

        return new($"It was well before {string.Join(", ", changes.Take(5))} of its pod template changed.", [Restoring(nameof(RestoreTemplate), finding, good)]);
    }

    private static RemediationAction Restoring(string type, Finding finding, GoodState good) => Action(type, finding, Catalogue.HealingAction.StateParameter, good.Digest);

    private static RemediationAction Action(string type, Finding finding, string parameter, string value) => new()
    {
        Type = type,
        Target = new() { Kind = finding.Kind, Name = finding.Name },
        Parameters = new Dictionary<string, string> { [parameter] = value },
    };
}
