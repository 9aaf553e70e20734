using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Objects that were deleted and do not go, because of a finalizer that nobody is left to take off.</summary>
internal sealed class DeletionAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory) =>
        from obj in snapshot.All
        where memory.Of(NamespaceSnapshot.KindOf(obj), obj.Metadata.Name) is not null
        let orphaned = Orphaned(obj, snapshot)
        where orphaned.Count > 0
        select new Finding(NamespaceSnapshot.KindOf(obj), obj.Metadata.Name, Causes.FinalizerOrphaned, $"it was deleted at {obj.Metadata.DeletionTimestamp:yyyy-MM-ddTHH:mm:ssZ} and finalizer {orphaned[0]} keeps it, whose domain serves no API");

    /// <summary>
    /// Finalizers of an object whose deletion hangs for longer than it may, that belong to nobody: their domain is neither
    /// Kubernetes' nor ours, and no API group of the cluster is of it. Empty where one of a living owner is among them.
    /// </summary>
    public static IReadOnlyList<string> Orphaned(IKubernetesObject<V1ObjectMeta> obj, NamespaceSnapshot snapshot)
    {
        if (obj.Metadata is not { DeletionTimestamp: { } since, Finalizers: { Count: > 0 } finalizers } || snapshot.ApiGroups.Count == 0 || snapshot.Now.UtcDateTime - since < snapshot.OrphanedAfter)
            return [];
        return finalizers.All(one => IsOrphaned(one, snapshot)) ? [.. finalizers] : [];
    }

    private static bool IsOrphaned(string finalizer, NamespaceSnapshot snapshot) =>
        // Those without a domain are Kubernetes' own: foregroundDeletion, orphan.
        finalizer.Split('/') is [var domain, _]
        && !Is(domain, "k8s.io") && !Is(domain, "kubernetes.io") && !Is(domain, ApiGroup.Name)
        && !snapshot.ApiGroups.Any(group => Is(domain, group) || Is(group, domain));

    private static bool Is(string domain, string of) => domain == of || domain.EndsWith("." + of, StringComparison.Ordinal);
}
