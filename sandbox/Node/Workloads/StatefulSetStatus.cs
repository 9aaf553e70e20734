using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Counts and revisions of a StatefulSet.</summary>
internal static class StatefulSetStatus
{
    public static V1StatefulSetStatus Of(V1StatefulSet set, RevisionHistory history, IReadOnlyList<V1Pod> pods, DateTimeOffset now)
    {
        var update = history.Update.Metadata.Name;
        // A current revision that is not stored any more names nothing; the update revision takes its place.
        var current = set.Status?.CurrentRevision is { } named && history.All.Any(revision => revision.Metadata.Name == named) ? named : update;
        var updated = pods.Count(pod => IsOf(pod, update));
        var ready = pods.Count(Pods.IsReady);
        var complete = set.Spec.UpdateStrategy?.Type != "OnDelete" && updated == pods.Count && ready == pods.Count && pods.Count == (set.Spec.Replicas ?? 1);
        if (complete)
            current = update;
        return new V1StatefulSetStatus
        {
            ObservedGeneration = set.Metadata.Generation,
            Replicas = pods.Count,
            ReadyReplicas = NullIfZero(ready),
            AvailableReplicas = pods.Count(pod => Pods.IsAvailable(pod, set.Spec.MinReadySeconds ?? 0, now)),
            CurrentReplicas = NullIfZero(pods.Count(pod => IsOf(pod, current))),
            UpdatedReplicas = NullIfZero(updated),
            CurrentRevision = current,
            UpdateRevision = update,
            CollisionCount = (set.Status?.CollisionCount ?? 0) + (history.Collided ? 1 : 0),
            Conditions = set.Status?.Conditions,
        };
    }

    private static bool IsOf(V1Pod pod, string revision) => !Pods.IsTerminating(pod) && StatefulPods.RevisionOf(pod) == revision;

    private static int? NullIfZero(int count) => count == 0 ? null : count;
}
