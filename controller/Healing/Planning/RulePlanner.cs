using System.Globalization;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue.Actions;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Detection.Analysers;
using Ops.Healing.Memory;

namespace Ops.Healing.Planning;

/// <summary>The rules: a finding to typed actions. Deterministic; a finding without a rule has no plan.</summary>
public static class RulePlanner
{
    // Pods that one plan starts anew at most.
    private const int MaxRestarts = 5;

    /// <summary>The plan, or null where no rule helps.</summary>
    /// <param name="finding">What is wrong.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    /// <param name="tried">Types of actions that were done for the same incident and did not help.</param>
    public static HealingPlan? Plan(Finding finding, NamespaceSnapshot snapshot, Baseline memory, IReadOnlyCollection<string>? tried = null)
    {
        if (Causes.IsOfGoal(finding.Cause))
            return GoalPlanner.Plan(finding, snapshot, memory, tried ?? []);
        if (memory.Of(finding.Kind, finding.Name) is not { } good)
            return null;
        return finding.Cause switch
        {
            Causes.ScaledToZero => new(
                string.Create(CultureInfo.InvariantCulture, $"It ran {good.Replicas} replicas when it last was well."),
                [Action(nameof(ScaleWorkload), finding, ScaleWorkload.ReplicasParameter, good.Replicas!.Value.ToString(CultureInfo.InvariantCulture))]),
            Causes.ServiceDeleted => new("Its pods are still there; it is made anew as it last worked.", [Restoring(nameof(RecreateObject), finding, good)]),
            Causes.WrongSelector or Causes.SelectorTooBroad or Causes.WrongTargetPort or Causes.LocalTrafficOnly =>
                new("Selector, ports and traffic policy go back to what last worked.", [Restoring(RestoreFields.NameFor(finding.Kind), finding, good)]),
            Causes.WrongBackend or Causes.NetworkPolicyDenies or Causes.DisruptionsBlocked or Causes.QuotaTooSmall or Causes.LimitRangeTooSmall or Causes.BadCustomResource =>
                new("It was well before it was changed.", [Restoring(RestoreFields.NameFor(finding.Kind), finding, good)]),
            Causes.AccessRevoked => new(
                "Its account runs workloads that had this right when all was well.",
                [Restoring(snapshot.Find(finding.Kind, finding.Name) is null ? nameof(RecreateAccess) : nameof(RestoreAccess), finding, good)]),
            Causes.PodSecurityRefused when finding.Kind == V1Namespace.KubeKind => new(
                "Its pods could be made before the namespace's pod security level was changed.", [Restoring(nameof(RestorePodSecurity), finding, good)]),
            Causes.WebhookRefuses => new("Its pods could be made before the webhook was changed.", [Restoring(nameof(RestoreWebhooks), finding, good)]),
            Causes.LimitsShrunk => new(
                "Its pods ran before the webhook was changed; those that do not run are made anew under the one that worked.",
                [Restoring(nameof(RestoreWebhooks), finding, good), .. snapshot.Workloads.SelectMany(MutationAnalyser.Shrunk).Take(MaxRestarts).Select(Restarting)]),
            Causes.NodeCordoned => new("Pods wait for a node, and this one took them before.", [new() { Type = nameof(UncordonNode), Target = new() { Kind = finding.Kind, Name = finding.Name } }]),
            Causes.TaintNotTolerated when snapshot.Find(finding.Kind, finding.Name) is V1Node node => new(
                "Pods wait for a node, and this one took them before it had the taint.",
                [.. SchedulingAnalyser.NewTaints(node, memory).Select(taint => taint.Key).Distinct().Select(key => Action(nameof(RemoveTaint), finding, RemoveTaint.KeyParameter, key))]),
            Causes.ConfigMapMissing => new("Workloads read it; it is made anew as it last was.", [Restoring(nameof(RecreateObject), finding, good)]),
            Causes.ConfigMapKeyMissing => new("Workloads read entries that it lost; these come back.", [Restoring(nameof(RestoreConfigMap), finding, good)]),
            Causes.FinalizerOrphaned when snapshot.Find(finding.Kind, finding.Name) is { } stuck => new(
                "Somebody deleted it, and nobody is left who would take the finalizer off.",
                [.. DeletionAnalyser.Orphaned(stuck, snapshot).Select(finalizer => Action(nameof(RemoveFinalizer), finding, RemoveFinalizer.FinalizerParameter, finalizer))]),
            Causes.StaleSecret => RestartNotReady(finding, snapshot),
            // A change that came before the trouble goes back; without one, new processes have what the old ones lost.
            Causes.ProcessorSaturated or Causes.ServiceDegraded => OfFault(finding, snapshot, memory),
            _ => OfWorkload(finding, snapshot, memory, good),
        };
    }

    /// <summary>The plan for a workload that runs and does not do well: back to the template that did, else new processes. Null where nothing is remembered of it.</summary>
    internal static HealingPlan? OfFault(Finding finding, NamespaceSnapshot snapshot, Baseline memory) => memory.Of(finding.Kind, finding.Name) is not { } good ? null
        : OfWorkload(finding, snapshot, memory, good)
            ?? new("Nothing of its template changed since it was well; its pods are made anew.", [Action(nameof(RestartRollout), finding, RestartRollout.AtParameter, RestartRollout.At(snapshot.Now))]);

    // Only pods that are not ready, so that nothing that serves is taken away.
    private static HealingPlan? RestartNotReady(Finding finding, NamespaceSnapshot snapshot)
    {
        var pods = snapshot.Workload(finding.Kind, finding.Name)?.Pods.Where(pod => pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "False" }) == true).Take(MaxRestarts).ToList();
        return pods is { Count: > 0 }
            ? new("Its pods were ready, nothing of theirs changed, and a new one reads its Secrets anew.", [.. pods.Select(Restarting)])
            : null;
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

    private static RemediationAction Restarting(V1Pod pod) => new() { Type = nameof(RestartPod), Target = new() { Kind = V1Pod.KubeKind, Name = pod.Metadata.Name } };

    private static RemediationAction Restoring(string type, Finding finding, GoodState good) => Action(type, finding, Catalogue.HealingAction.StateParameter, good.Digest);

    private static RemediationAction Action(string type, Finding finding, string parameter, string value) => new()
    {
        Type = type,
        Target = new() { Kind = finding.Kind, Name = finding.Name },
        Parameters = new Dictionary<string, string> { [parameter] = value },
    };
}
