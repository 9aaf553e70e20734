using Ops.Api;
using Ops.Dashboard.Cluster;

namespace Ops.Dashboard.Health;

/// <summary>Whether anybody looks for causes: no incident is good news only then. Pure.</summary>
internal static class RootCause
{
    private const string Deployment = "rca";

    /// <summary>Why no incident says nothing, one sentence; null while the root-cause service runs or cannot be seen.</summary>
    public static string? Trouble(ClusterSnapshot cluster) =>
        cluster.Deployments.FirstOrDefault(one => one.Metadata.Name == Deployment && one.Metadata.NamespaceProperty == WellKnown.SystemNamespace) is { } service && !(service.Status?.ReadyReplicas > 0)
            ? $"The root-cause service (Deployment {WellKnown.SystemNamespace}/{Deployment}) is not ready: what goes wrong now is not noticed."
            : null;
}
