using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Keeps numbered pods of a StatefulSet: in order or in parallel, one template revision after another from the top.</summary>
internal static class StatefulSetPlanner
{
    internal const string Component = "statefulset-controller";
    internal const string HashLabel = "controller.kubernetes.io/hash";
    internal const string RevisionLabel = "controller-revision-hash";

    public static Plan Make(
        V1StatefulSet set, IEnumerable<V1Pod> podsOfNamespace, IEnumerable<V1ControllerRevision> revisionsOfNamespace,
        IReadOnlySet<string> claimsOfNamespace, DateTimeOffset now)
    {
        var history = RevisionHistory.Of(set, Owners.Reference(set), set.Spec.Template, HashLabel, revisionsOfNamespace, set.Status?.CollisionCount);
        var pods = podsOfNamespace
            .Where(pod => Owners.Controls(set, pod) && StatefulPods.OrdinalOf(set, pod) is not null && Selectors.Matches(set.Spec.Selector, pod.Metadata.Labels))
            .ToList();
        var writes = new List<Write>();
        if (set.Metadata.DeletionTimestamp is null)
        {
            writes.AddRange(history.Writes);
            if (history.Writes.Count == 0 && !history.Collided)
                writes.AddRange(new StatefulSetStep(set, history, pods, claimsOfNamespace, now).Make());
        }
        var status = StatefulSetStatus.Of(set, history, pods, now);
        if (!Canonical.Same(status, set.Status))
        {
            var copy = Canonical.Copy(set);
            copy.Status = status;
            writes.Add(new UpdateStatus<V1StatefulSet>(copy));
        }
        var live = pods.Select(StatefulPods.RevisionOf).OfType<string>().Append(status.CurrentRevision).Append(status.UpdateRevision).ToHashSet(StringComparer.Ordinal);
        if (set.Metadata.DeletionTimestamp is null)
            writes.AddRange(history.Excess(set.Spec.RevisionHistoryLimit ?? 10, live));
        return new Plan(writes, ReplicaSetPlanner.NextAvailability(pods, set.Spec.MinReadySeconds ?? 0, now));
    }
}
