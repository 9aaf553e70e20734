using k8s.Models;
using Ops.Sandbox.Node.Objects;
using Ops.Sandbox.Node.Volumes;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Node.Scheduling;

/// <summary>Nodes, the pods that hold room on them and the volumes that pods ask for, seen at one moment.</summary>
internal sealed class ClusterPicture
{
    private readonly Dictionary<string, List<V1Pod>> byNode = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, decimal>> used = new(StringComparer.Ordinal);

    public ClusterPicture(IEnumerable<V1Node> nodes, IEnumerable<V1Pod> pods, VolumeFit? volumes = null)
    {
        Volumes = volumes ?? VolumeFit.Nothing;
        Nodes = [.. nodes.OrderBy(node => node.Metadata.Name, StringComparer.Ordinal)];
        foreach (var pod in pods.Where(pod => !string.IsNullOrEmpty(pod.Spec.NodeName) && !Pods.IsTerminal(pod)))
            Place(pod, pod.Spec.NodeName);
    }

    public IReadOnlyList<V1Node> Nodes { get; }

    public VolumeFit Volumes { get; }

    public IReadOnlyList<V1Pod> PodsOn(V1Node node) => byNode.TryGetValue(node.Metadata.Name, out var pods) ? pods : [];

    public IReadOnlyDictionary<string, decimal> UsedOn(V1Node node) =>
        used.TryGetValue(node.Metadata.Name, out var sums) ? sums : new Dictionary<string, decimal>();

    /// <summary>The same without some pods.</summary>
    public ClusterPicture Without(IReadOnlyCollection<V1Pod> gone) => new(Nodes, byNode.Values.SelectMany(pods => pods).Where(pod => !gone.Contains(pod)), Volumes);

    /// <summary>Counts a pod as placed, so that the next decision of the same round sees it.</summary>
    public void Place(V1Pod pod, string node)
    {
        if (!byNode.TryGetValue(node, out var pods))
        {
            byNode[node] = pods = [];
            used[node] = new Dictionary<string, decimal>(StringComparer.Ordinal);
        }
        pods.Add(pod);
        foreach (var (name, amount) in PodAmounts.Requests(pod.Spec))
            used[node][name] = used[node].GetValueOrDefault(name) + amount.ToDecimal();
    }
}
