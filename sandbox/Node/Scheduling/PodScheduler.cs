using k8s.Models;
using Ops.Sandbox.Node.Objects;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Node.Scheduling;

/// <summary>Where a pod goes, or why it cannot: exactly one of the two is set.</summary>
internal sealed record Placement(string? Node, string? Message);

/// <summary>Chooses a node: filter by rules, then prefer what the pod prefers and what is least used.</summary>
internal static class PodScheduler
{
    public static Placement Choose(V1Pod pod, ClusterPicture picture)
    {
        if (picture.Nodes.Count == 0)
            return new Placement(null, "no nodes available to schedule pods");
        if (picture.Volumes.Problem(pod) is { } problem)
            return new Placement(null, $"0/{picture.Nodes.Count} nodes are available: {problem}.");
        var fitting = new List<V1Node>();
        var reasons = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var node in picture.Nodes)
        {
            var against = NodeFit.Reasons(pod, node, picture);
            if (against.Count == 0)
                fitting.Add(node);
            foreach (var reason in against)
                reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }
        if (fitting.Count == 0)
            return new Placement(null, Message(picture.Nodes.Count, reasons));
        var best = fitting.OrderByDescending(node => Score(pod, node, picture))
            .ThenBy(node => picture.PodsOn(node).Count)
            .ThenBy(node => node.Metadata.Name, StringComparer.Ordinal)
            .First();
        return new Placement(best.Metadata.Name, null);
    }

    private static string Message(int nodes, Dictionary<string, int> reasons)
    {
        var parts = reasons.Select(pair => $"{pair.Value} {pair.Key}").Order(StringComparer.Ordinal);
        return $"0/{nodes} nodes are available: {string.Join(", ", parts)}.";
    }

    /// <summary>Weights of kube-scheduler's default profile for what is honoured here: node affinity 2, spreading 2, least allocated 1.</summary>
    private static double Score(V1Pod pod, V1Node node, ClusterPicture picture) =>
        2 * Preference(pod, node) + 2 * Spread(pod, node, picture) + LeastAllocated(pod, node, picture);

    private static double Preference(V1Pod pod, V1Node node)
    {
        var terms = pod.Spec.Affinity?.NodeAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? [];
        double all = terms.Sum(term => term.Weight);
        var soft = (node.Spec?.Taints ?? []).Count(taint => taint.Effect == "PreferNoSchedule" && !NodeFit.Tolerates(pod, taint));
        return (all == 0 ? 0 : terms.Where(term => NodeFit.MatchesTerm(term.Preference, node)).Sum(term => term.Weight) / all) - soft;
    }

    /// <summary>One less the share of this owner's pods that the node already has.</summary>
    private static double Spread(V1Pod pod, V1Node node, ClusterPicture picture)
    {
        if (Owners.ControllerOf(pod)?.Uid is not { } owner)
            return 0;
        var total = picture.Nodes.Sum(other => picture.PodsOn(other).Count(sibling => Owners.ControllerOf(sibling)?.Uid == owner));
        var here = picture.PodsOn(node).Count(sibling => Owners.ControllerOf(sibling)?.Uid == owner);
        return total == 0 ? 1 : 1 - (double)here / total;
    }

    /// <summary>Mean free share of cpu and memory with the pod placed.</summary>
    private static double LeastAllocated(V1Pod pod, V1Node node, ClusterPicture picture)
    {
        var requests = PodAmounts.Requests(pod.Spec);
        var used = picture.UsedOn(node);
        var shares = new List<double>();
        foreach (var name in new[] { "cpu", "memory" })
        {
            if (node.Status?.Allocatable is { } allocatable && allocatable.TryGetValue(name, out var total) && total.ToDecimal() > 0)
                shares.Add((double)((total.ToDecimal() - used.GetValueOrDefault(name) - requests.Of(name)) / total.ToDecimal()));
        }
        return shares.Count == 0 ? 0 : shares.Average();
    }
}
