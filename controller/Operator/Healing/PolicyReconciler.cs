using System.Net;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Memory;
using Ops.Healing.Planning.Llm;
using Ops.Kube;
using Ops.Llm;

namespace Ops.Operator.Healing;

/// <summary>
/// The manager of a namespace: looks at it, keeps the memory, opens and resolves incidents, and hands each to a Remediation.
/// It never touches a workload itself.
/// </summary>
internal sealed class PolicyReconciler(
    HealingCaches caches, NamespaceWatches watches, MemoryStore memories, IncidentBook incidents, PlanMaker plans, Deliberation deliberation, TokenMeter meter, Healer healer, TimeProvider time) : IReconciler
{
    // Findings that are worked on at once: more than this is an outage of everything, which no single repair ends.
    private const int MaxFindings = 20;

    // How often a namespace is looked at while something is wrong, since "not ready for so long" comes without a change.
    private static readonly TimeSpan WhileIll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WhileStarting = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        var ns = key.Namespace!;
        if (caches.Policies.Get(key) is not { Metadata.DeletionTimestamp: null } policy)
        {
            if (!caches.Policies.List().Any(one => one.Metadata.NamespaceProperty == ns))
                await watches.StopAsync(ns);
            return Requeue.None;
        }

        var watch = watches.For(ns);
        if (!watch.HasSynced)
        {
            await WriteAsync(policy, new(), new("Ready", false, "NotReadable", watch.Trouble), cancellationToken);
            return Requeue.After(WhileIll);
        }

        var snapshot = watch.Snapshot(policy, time.GetUtcNow());
        var memory = await memories.ReadAsync(ns, cancellationToken);
        var all = Diagnosis.Of(snapshot, memory);
        memory = BaselineUpdate.After(memory, snapshot, all);
        await memories.WriteAsync(ns, memory, cancellationToken);

        var findings = all.Where(finding => IsMine(policy, finding, snapshot, memory)).Take(MaxFindings).ToList();
        await FollowAsync(policy, findings, all, snapshot, memory, cancellationToken);
        await ReportAsync(policy, findings, snapshot, memory, cancellationToken);
        return findings.Count > 0 || incidents.Open(ns).Count > 0 ? Requeue.After(WhileIll)
            : snapshot.Workloads.Any(workload => !workload.IsHealthy && workload.Replicas > 0) || BaselineUpdate.IsWaiting(memory, snapshot) || snapshot.HasHangingDeletion ? Requeue.After(WhileStarting)
            : Requeue.None;
    }

    private async Task FollowAsync(
        HealingPolicy policy, List<Finding> findings, IReadOnlyList<Finding> all, NamespaceSnapshot snapshot, Baseline memory, CancellationToken cancellationToken)
    {
        foreach (var finding in findings)
        {
            var incident = await incidents.OpenAsync(snapshot.Namespace, finding, Onset.Of(finding, snapshot), cancellationToken);
            if (policy.Spec is { Suspend: false, Autonomy: not AutonomyLevels.Observe })
                await deliberation.FollowAsync(policy, incident, finding, snapshot, memory, cancellationToken);
        }

        foreach (var incident in incidents.Open(snapshot.Namespace).Where(incident => !all.Any(finding => IncidentBook.IsAbout(incident, finding)) && !IsUnclear(incident, snapshot)))
        {
            // A symptom that is away for a moment may come back; whether it stays away is what the remediation waits for.
            if (!plans.IsActive(incident) && time.GetUtcNow().UtcDateTime - incident.Status?.DetectedAt > policy.Spec.EffectiveVerifyWithin)
                await incidents.ResolveAsync(incident, cancellationToken);
        }
    }

    // What cannot be measured is not known to be over.
    private static bool IsUnclear(Incident incident, NamespaceSnapshot snapshot) =>
        incident.Status?.Causes is [{ Reasons: [var cause], Target: { Name: var name } }] && Causes.IsOfGoal(cause) && GoalFindings.Unclear(name, snapshot) is not null;

    private Task ReportAsync(HealingPolicy policy, List<Finding> findings, NamespaceSnapshot snapshot, Baseline memory, CancellationToken cancellationToken)
    {
        var status = new HealingPolicyStatus
        {
            Workloads = snapshot.Workloads.Count(workload => policy.Spec.Selects(workload.Object.Metadata.Labels)),
            Findings = findings.Count,
            Remembered = memory.States.Count,
            ActionsLastHour = caches.ActionsLastHour(policy, null, time.GetUtcNow()),
            Goals = policy.Spec.Goals is null ? null : [.. snapshot.Goals.Where(one => one.Policy == policy.Metadata.Name).Select(one => one.Shown).OfType<GoalStatus>()],
            TokensLastHour = policy.Spec.Llm is null ? null : meter.LastHour(policy.Metadata.Uid),
        };
        var ready = HealingPolicyRules.Broken(policy).FirstOrDefault() is { } broken ? new ConditionFinding("Ready", false, "InvalidSpec", broken)
            : policy.Spec.Suspend ? new("Ready", false, "Suspended", "spec.suspend is true: nothing is repaired.")
            : new("Ready", true, "Watching", $"Autonomy is {policy.Spec.Autonomy}.");
        return WriteAsync(policy, status, ready, cancellationToken);
    }

    private async Task WriteAsync(HealingPolicy policy, HealingPolicyStatus status, ConditionFinding ready, CancellationToken cancellationToken)
    {
        var intent = new HealingPolicy
        {
            Metadata = new() { Name = policy.Metadata.Name, NamespaceProperty = policy.Metadata.NamespaceProperty },
            Status = status with
            {
                ObservedGeneration = policy.Metadata.Generation,
                Conditions = Conditions.Merge(policy.Status?.Conditions, [ready], policy.Metadata.Generation, time.GetUtcNow()),
            },
        };
        try
        {
            await healer.Writer.ApplyStatusAsync(intent, policy, cancellationToken);
        }
        catch (KubeApiException gone) when (gone.StatusCode == HttpStatusCode.NotFound)
        {
            // Deleted since the cache saw it.
        }
    }

    // A goal is its own policy's; else the first policy by name that selects the object has it. What workloads only read or run
    // on seldom carries their labels.
    private bool IsMine(HealingPolicy policy, Finding finding, NamespaceSnapshot snapshot, Baseline memory) => GoalFindings.GoalOf(finding, snapshot) is var (goal, _)
        ? goal.Policy == policy.Metadata.Name : IsFirst(policy, finding, snapshot, memory);

    private bool IsFirst(HealingPolicy policy, Finding finding, NamespaceSnapshot snapshot, Baseline memory) => caches.Policies.List()
        .Where(one => one.Metadata.NamespaceProperty == snapshot.Namespace && one.Metadata.DeletionTimestamp is null)
        .OrderBy(one => one.Metadata.Name, StringComparer.Ordinal)
        .FirstOrDefault(one => finding.Kind is not (V1Deployment.KubeKind or V1StatefulSet.KubeKind or V1Service.KubeKind) || one.Spec.Selects(LabelsOf(finding, snapshot, memory)))?.Metadata.Uid == policy.Metadata.Uid;

    private static IDictionary<string, string>? LabelsOf(Finding finding, NamespaceSnapshot snapshot, Baseline memory) =>
        snapshot.Workload(finding.Kind, finding.Name)?.Object.Metadata.Labels
        ?? snapshot.Services.FirstOrDefault(one => one.Metadata.Name == finding.Name)?.Metadata.Labels
        ?? (memory.Of(finding.Kind, finding.Name)?.Content["metadata"]?["labels"] as System.Text.Json.Nodes.JsonObject)?.ToDictionary(pair => pair.Key, pair => (string?)pair.Value ?? "");
}
