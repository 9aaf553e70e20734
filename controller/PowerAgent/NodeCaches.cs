using k8s.Models;
using Ops.Api;
using Ops.Kube;

namespace Ops.PowerAgent;

/// <summary>What the agent watches: the pools, and the pools' pods on its node.</summary>
internal sealed class NodeCaches(KubeClient client, PowerAgentOptions options, ILoggerFactory logs)
{
    /// <summary>All pools.</summary>
    public ResourceCache<ModelPool> Pools { get; } = new(client, null, logs);

    /// <summary>Pods of pools on this node.</summary>
    public ResourceCache<V1Pod> Pods { get; } = new(client, new() { FieldSelector = $"spec.nodeName={options.Node}", LabelSelector = Labels.Pool }, logs);

    /// <summary>Every cache by the name that /readyz shows.</summary>
    public IReadOnlyList<(string Name, IResourceCache Cache)> All => [("modelpools", Pools), ("pods", Pods)];
}
