using System.Net;
using System.Net.Sockets;
using k8s.Models;

namespace Ops.Kube;

/// <summary>Where a pod's metrics are.</summary>
public static class ScrapeTarget
{
    /// <summary>The address of a running pod's /metrics on a named port, or null.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="portName">The container port's name.</param>
    public static Uri? Of(V1Pod pod, string portName)
    {
        if (pod.Status is not { Phase: "Running", PodIP: { Length: > 0 } ip } || pod.Metadata.DeletionTimestamp is not null)
            return null;
        var port = pod.Spec.Containers.SelectMany(container => container.Ports ?? []).FirstOrDefault(port => port.Name == portName);
        // Only an address is taken, never a name that would have to be resolved.
        if (port is null || !IPAddress.TryParse(ip, out var address))
            return null;
        var host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        return new($"http://{host}:{port.ContainerPort}/metrics");
    }
}
