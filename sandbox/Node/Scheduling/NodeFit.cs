using k8s.Models;
using Ops.Sandbox.Node.Objects;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Node.Scheduling;

/// <summary>Whether one node may take a pod, and if not, why, in kube-scheduler's words. The first failing rule speaks.</summary>
internal static class NodeFit
{
    public static IReadOnlyList<string> Reasons(V1Pod pod, V1Node node, ClusterPicture picture)
    {
        if (node.Spec?.Unschedulable == true && !Tolerates(pod, new V1Taint { Key = "node.kubernetes.io/unschedulable", Effect = "NoSchedule" }))
            return ["node(s) were unschedulable"];
        if (UntoleratedTaint(pod, node) is { } taint)
            return [$"node(s) had untolerated taint {{{taint.Key}: {taint.Value}}}"];
        if (!MatchesNodeAffinity(pod, node))
            return ["node(s) didn't match Pod's node affinity/selector"];
        if (TakesHostPort(pod, picture.PodsOn(node)))
            return ["node(s) didn't have free ports for the requested pod ports"];
        if (!picture.Volumes.Reaches(pod, node))
            return ["node(s) had volume node affinity conflict"];
        var short_ = Shortages(pod, node, picture);
        return short_.Count > 0 ? short_ : PodAffinity.Reasons(pod, node, picture);
    }

    public static bool MatchesNodeAffinity(V1Pod pod, V1Node node)
    {
        if (!Selectors.MatchesAll(pod.Spec.NodeSelector, node.Metadata.Labels))
            return false;
        var required = pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution;
        return required is null || (required.NodeSelectorTerms ?? []).Any(term => MatchesTerm(term, node));
    }

    /// <summary>All of a term's requirements; an empty term matches nothing.</summary>
    public static bool MatchesTerm(V1NodeSelectorTerm term, V1Node node)
    {
        var labels = node.Metadata.Labels ?? new Dictionary<string, string>();
        var fields = new Dictionary<string, string>(StringComparer.Ordinal) { ["metadata.name"] = node.Metadata.Name };
        return (term.MatchExpressions?.Count ?? 0) + (term.MatchFields?.Count ?? 0) > 0
            && (term.MatchExpressions ?? []).All(rule => Selectors.Holds(rule.Key, rule.OperatorProperty, rule.Values, labels))
            && (term.MatchFields ?? []).All(rule => Selectors.Holds(rule.Key, rule.OperatorProperty, rule.Values, fields));
    }

    public static V1Taint? UntoleratedTaint(V1Pod pod, V1Node node) =>
        node.Spec?.Taints?.FirstOrDefault(taint => taint.Effect is "NoSchedule" or "NoExecute" && !Tolerates(pod, taint));

    public static bool Tolerates(V1Pod pod, V1Taint taint) => (pod.Spec.Tolerations ?? []).Any(toleration =>
        (string.IsNullOrEmpty(toleration.Effect) || toleration.Effect == taint.Effect)
        && (string.IsNullOrEmpty(toleration.Key) ? toleration.OperatorProperty == "Exists" : toleration.Key == taint.Key)
        && (toleration.OperatorProperty == "Exists" || (toleration.Value ?? string.Empty) == (taint.Value ?? string.Empty)));

    private static bool TakesHostPort(V1Pod pod, IEnumerable<V1Pod> others)
    {
        var wanted = HostPorts(pod).ToHashSet();
        return wanted.Count > 0 && others.SelectMany(HostPorts).Any(wanted.Contains);
    }

    private static IEnumerable<(string Protocol, int Port)> HostPorts(V1Pod pod) => pod.Spec.Containers
        .SelectMany(container => container.Ports ?? [])
        .Where(port => port.HostPort is > 0)
        .Select(port => (port.Protocol ?? "TCP", port.HostPort!.Value));

    private static List<string> Shortages(V1Pod pod, V1Node node, ClusterPicture picture)
    {
        var reasons = new List<string>();
        var allocatable = node.Status?.Allocatable ?? new Dictionary<string, ResourceQuantity>();
        if (allocatable.TryGetValue("pods", out var room) && picture.PodsOn(node).Count >= room.ToDecimal())
            reasons.Add("Too many pods");
        var used = picture.UsedOn(node);
        foreach (var (name, quantity) in PodAmounts.Requests(pod.Spec))
        {
            var amount = quantity.ToDecimal();
            var free = (allocatable.TryGetValue(name, out var total) ? total.ToDecimal() : 0) - used.GetValueOrDefault(name);
            if (amount > 0 && amount > free)
                reasons.Add($"Insufficient {name}");
        }
        return reasons;
    }
}
