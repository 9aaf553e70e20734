using k8s.Models;
using Ops.Sandbox.Node.Kubelet;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Control;

/// <summary>Machines of an earlier start that this one does not have: the node goes, and its pods with it.</summary>
internal static class AbsentNodes
{
    public static void Remove(ClusterState state, IReadOnlyList<NodeSpec> present)
    {
        var names = present.Select(spec => spec.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in state.Nodes.All().Where(node => !names.Contains(node.Metadata.Name) && node.Metadata.Annotations?.ContainsKey(NodeObjects.Marker) == true))
            state.Delete(node);
        var known = state.Nodes.All().Select(node => node.Metadata.Name).Concat(names).ToHashSet(StringComparer.Ordinal);
        foreach (var pod in state.Pods.All().Where(pod => !string.IsNullOrEmpty(pod.Spec.NodeName) && !known.Contains(pod.Spec.NodeName)))
            state.Delete<V1Pod>(pod, gracePeriodSeconds: 0);
    }
}
