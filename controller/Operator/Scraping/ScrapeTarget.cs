using System.Net;
using System.Net.Sockets;
using k8s.Models;
using Ops.Api;

namespace Ops.Operator.Scraping;

/// <summary>Where a pod's metrics are.</summary>
internal static class ScrapeTarget
{
    /// <summary>The address of a running pod's /metrics on its port named http, or null.</summary>
    public static Uri? Of(V1Pod pod)
    {
        if (pod.Status is not { Phase: "Running", PodIP: { Length: > 0 } ip } || pod.Metadata.DeletionTimestamp is not null)
            return null;
        var port = pod.Spec.Containers.SelectMany(container => container.Ports ?? []).FirstOrDefault(port => port.Name == WellKnown.HttpPortName);
        // Only an address is taken, never a name that would have to be resolved.
        if (port is null || !IPAddress.TryParse(ip, out var address))
            return null;
        var host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        return new($"http://{host}:{port.ContainerPort}/metrics");
    }
}
