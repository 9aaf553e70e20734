using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Scheduling;

/// <summary>Required affinity and anti-affinity between pods over any topology key.</summary>
internal static class PodAffinity
{
    public static IReadOnlyList<string> Reasons(V1Pod pod, V1Node node, ClusterPicture picture)
    {
        foreach (var term in pod.Spec.Affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [])
        {
            // The first of a group that wants company has nobody to join; it may start the group.
            var startsGroup = Selects(term, pod, pod) && !picture.Nodes.SelectMany(picture.PodsOn).Any(other => Selects(term, pod, other));
            if (!startsGroup && !Neighbours(term.TopologyKey, node, picture).Any(other => Selects(term, pod, other)))
                return ["node(s) didn't match pod affinity rules"];
        }
        foreach (var term in pod.Spec.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [])
        {
            if (Neighbours(term.TopologyKey, node, picture).Any(other => Selects(term, pod, other)))
                return ["node(s) didn't match pod anti-affinity rules"];
        }
        var unwelcome = picture.Nodes.SelectMany(picture.PodsOn).Any(other =>
            (other.Spec.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? []).Any(term =>
                Selects(term, other, pod) && Neighbours(term.TopologyKey, node, picture).Contains(other)));
        return unwelcome ? ["node(s) didn't satisfy existing pods anti-affinity rules"] : [];
    }

    private static IEnumerable<V1Pod> Neighbours(string topologyKey, V1Node node, ClusterPicture picture)
    {
        if (node.Metadata.Labels is not { } labels || !labels.TryGetValue(topologyKey, out var zone))
            return [];
        return picture.Nodes
            .Where(other => other.Metadata.Labels is { } theirs && theirs.TryGetValue(topologyKey, out var value) && value == zone)
            .SelectMany(picture.PodsOn);
    }

    private static bool Selects(V1PodAffinityTerm term, V1Pod owner, V1Pod candidate)
    {
        var inNamespace = term.Namespaces is { Count: > 0 }
            ? term.Namespaces.Contains(candidate.Metadata.NamespaceProperty)
            : term.NamespaceSelector is { } all && (all.MatchLabels?.Count ?? 0) + (all.MatchExpressions?.Count ?? 0) == 0
                || candidate.Metadata.NamespaceProperty == owner.Metadata.NamespaceProperty;
        return inNamespace && Selectors.Matches(term.LabelSelector, candidate.Metadata.Labels);
    }
}
