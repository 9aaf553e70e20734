using k8s;
using k8s.Models;
using Ops.Healing.Cluster;

namespace Ops.Healing.Detection;

/// <summary>When something went wrong, by the object's own record of who wrote it last. To the second, as the server keeps it.</summary>
public static class Onset
{
    // A change longer ago than this is hardly what broke it now.
    private static readonly TimeSpan Furthest = TimeSpan.FromMinutes(10);

    /// <summary>The last change of the object at fault by anybody but a controller's status; null where there is none that may be the cause. Of a goal, since when it is missed.</summary>
    /// <param name="finding">What is wrong.</param>
    /// <param name="snapshot">The namespace.</param>
    public static DateTime? Of(Finding finding, NamespaceSnapshot snapshot)
    {
        if (GoalFindings.GoalOf(finding, snapshot) is var (goal, _))
            return goal.MissedSince?.UtcDateTime;
        IMetadata<V1ObjectMeta>? found = finding.Kind switch
        {
            V1Service.KubeKind => snapshot.Services.FirstOrDefault(one => one.Metadata.Name == finding.Name),
            V1ConfigMap.KubeKind => snapshot.ConfigMaps.FirstOrDefault(one => one.Metadata.Name == finding.Name),
            _ => snapshot.Workload(finding.Kind, finding.Name)?.Object,
        };
        var last = (found?.Metadata.ManagedFields ?? []).Where(one => string.IsNullOrEmpty(one.Subresource) || one.Subresource == "scale").Max(one => one.Time);
        return last is { } time && time <= snapshot.Now.UtcDateTime && snapshot.Now.UtcDateTime - time < Furthest ? time : null;
    }
}
