using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Scheduling;

/// <summary>Room that others make for a pod.</summary>
/// <param name="Node">The node.</param>
/// <param name="Victims">Pods that have to go; none where they are on their way out already.</param>
internal sealed record Eviction(string Node, IReadOnlyList<V1Pod> Victims);

/// <summary>
/// Which pods of lower priority have to go so that a pod fits: on each node as few as possible, of the nodes the one whose
/// victims matter least. Disruption budgets, which kube-scheduler would rather not break, are not looked at.
/// </summary>
internal static class Preemption
{
    /// <summary>Where room can be made; null where no node has it, or the pod may not ask for it.</summary>
    public static Eviction? Choose(V1Pod pod, ClusterPicture picture)
    {
        if (pod.Spec.PreemptionPolicy == "Never" || picture.Volumes.Problem(pod) is not null)
            return null;
        // Victims of the last time need their grace period; nobody else has to go meanwhile.
        if (picture.Nodes.FirstOrDefault(node => node.Metadata.Name == pod.Status?.NominatedNodeName) is { } nominated
            && picture.PodsOn(nominated).Any(other => Pods.IsTerminating(other) && Priority(other) < Priority(pod)))
        {
            return new(nominated.Metadata.Name, []);
        }

        return picture.Nodes.Select(node => (node, Victims: VictimsOn(node, pod, picture))).Where(one => one.Victims is { Count: > 0 })
            .OrderBy(one => one.Victims!.Max(Priority)).ThenBy(one => one.Victims!.Sum(victim => (long)Priority(victim))).ThenBy(one => one.Victims!.Count)
            .ThenBy(one => one.node.Metadata.Name, StringComparer.Ordinal)
            .Select(one => new Eviction(one.node.Metadata.Name, one.Victims!)).FirstOrDefault();
    }

    private static List<V1Pod>? VictimsOn(V1Node node, V1Pod pod, ClusterPicture picture)
    {
        var lower = picture.PodsOn(node).Where(other => Priority(other) < Priority(pod)).ToList();
        if (lower.Count == 0 || NodeFit.Reasons(pod, node, picture.Without(lower)).Count > 0)
            return null;
        // Whoever can stay stays, the important and the old first.
        var victims = new List<V1Pod>(lower);
        foreach (var other in lower.OrderByDescending(Priority).ThenBy(other => other.Status?.StartTime ?? DateTime.MaxValue).ThenBy(other => other.Metadata.Name, StringComparer.Ordinal))
        {
            victims.Remove(other);
            if (NodeFit.Reasons(pod, node, picture.Without(victims)).Count > 0)
                victims.Add(other);
        }

        return victims;
    }

    private static int Priority(V1Pod pod) => pod.Spec.Priority ?? 0;
}
