using k8s.Models;
using Ops.Api;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>The kinds of healing in all namespaces, and what belongs to none: watched once for all namespaces that have a policy.</summary>
internal sealed class HealingCaches(Healer healer, TimeProvider time, ILoggerFactory logs)
{
    /// <summary>All policies.</summary>
    public ResourceCache<HealingPolicy> Policies { get; } = new(healer.Client, null, logs);

    /// <summary>All remediations.</summary>
    public ResourceCache<Remediation> Remediations { get; } = new(healer.Client, null, logs);

    /// <summary>All approvers.</summary>
    public ResourceCache<Approver> Approvers { get; } = new(healer.Client, null, logs);

    /// <summary>Incidents that the healer opened.</summary>
    public ResourceCache<Incident> Incidents { get; } = new(healer.Client, new() { LabelSelector = $"{Labels.ManagedBy}={Labels.ManagedByHealing}" }, logs);

    /// <summary>Incidents that the root-cause service opened.</summary>
    public ResourceCache<Incident> RootCauses { get; } = new(healer.Client, new() { LabelSelector = $"{Labels.ManagedBy}={Labels.ManagedByOps}" }, logs);

    /// <summary>The cluster's nodes. A look follows the pods that wait for one, not the nodes' own heartbeats.</summary>
    public ResourceCache<V1Node> Nodes { get; } = new(healer.Client, null, logs);

    /// <summary>The cluster's storage classes.</summary>
    public ResourceCache<V1StorageClass> StorageClasses { get; } = new(healer.Client, null, logs);

    /// <summary>Namespaces and webhook configurations.</summary>
    public AdmissionObjects Admission { get; } = new(healer.Client, time, logs);

    /// <summary>Every cache.</summary>
    public IReadOnlyList<IResourceCache> All => [Policies, Remediations, Approvers, Incidents, RootCauses, Nodes, StorageClasses, Admission.Namespaces, Admission.Validating, Admission.Mutating];

    /// <summary>Actions that were written under a policy in the last hour, without those of one remediation.</summary>
    public int ActionsLastHour(HealingPolicy policy, Remediation? without, DateTimeOffset now) => Remediations.List()
        .Where(one => one.Metadata.NamespaceProperty == policy.Metadata.NamespaceProperty && one.Spec.Policy == policy.Metadata.Name)
        .Where(one => one.Metadata.Uid != without?.Metadata.Uid && one.Status?.StartedAt > now.UtcDateTime.AddHours(-1))
        .Sum(one => one.Status!.Steps?.Count(step => step.State is RemediationStepStates.Done or RemediationStepStates.Undone) ?? 0);
}
