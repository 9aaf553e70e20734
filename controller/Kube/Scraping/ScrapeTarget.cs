using System.Globalization;
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
        var port = pod.Spec.Containers.SelectMany(container => container.Ports ?? []).FirstOrDefault(port => port.Name == portName);
        return port is null ? null : At(pod, port.ContainerPort);
    }

    /// <summary>
    /// The address that a pod itself names by the usual annotations (prometheus.io/scrape, port, path), or null where it does
    /// not ask to be read. Without a port it is the first of its containers; without a path, /metrics.
    /// </summary>
    /// <param name="pod">The pod.</param>
    public static Uri? Annotated(V1Pod pod)
    {
        if (pod.Metadata.Annotations is not { } notes || !notes.TryGetValue("prometheus.io/scrape", out var wanted) || wanted != "true" || pod.Metadata.DeletionTimestamp is not null)
            return null;
        var port = notes.TryGetValue("prometheus.io/port", out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var told)
            ? told : pod.Spec.Containers.SelectMany(container => container.Ports ?? []).Select(open => (int?)open.ContainerPort).FirstOrDefault() ?? 0;
        // Only an address is taken, never a name that would have to be resolved, and only a path of that address.
        if (port is < 1 or > 65535 || !IPAddress.TryParse(pod.Status?.PodIP, out var address))
            return null;
        var path = notes.TryGetValue("prometheus.io/path", out var asked) && asked.StartsWith('/') ? asked : "/metrics";
        return new UriBuilder("http", address.ToString(), port, path).Uri;
    }

    /// <summary>The address of a running pod's /metrics on a port, or null.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="port">The port's number.</param>
    public static Uri? At(V1Pod pod, int port)
    {
        if (pod.Status is not { Phase: "Running", PodIP: { Length: > 0 } ip } || pod.Metadata.DeletionTimestamp is not null)
            return null;
        // Only an address is taken, never a name that would have to be resolved.
        if (!IPAddress.TryParse(ip, out var address))
            return null;
        var host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        return new($"http://{host}:{port}/metrics");
    }
}
