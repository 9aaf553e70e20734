using k8s.Models;
using Ops.Kube;

namespace Ops.Rca.Service.Topology;

/// <summary>What the service watches: its incidents, and what is needed to know which pod is whose.</summary>
internal sealed class ClusterCaches(KubeClient client, ILoggerFactory logs)
{
    /// <summary>All incidents.</summary>
    public ResourceCache<Api.Incident> Incidents { get; } = new(client, null, logs);

    /// <summary>All pods that run: those that are done have no metrics.</summary>
    public ResourceCache<V1Pod> Pods { get; } = new(client, new() { FieldSelector = "status.phase=Running" }, logs);

    /// <summary>All Services, for their addresses.</summary>
    public ResourceCache<V1Service> Services { get; } = new(client, null, logs);

    /// <summary>All EndpointSlices, for which pods are behind a Service.</summary>
    public ResourceCache<V1EndpointSlice> Slices { get; } = new(client, new() { OlderVersion = "v1beta1" }, logs);

    /// <summary>Every cache by the name that /readyz shows.</summary>
    public IReadOnlyList<(string Name, IResourceCache Cache)> All =>
        [("incidents", Incidents), ("pods", Pods), ("services", Services), ("endpointslices", Slices)];
}
