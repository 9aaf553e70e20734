using System.Globalization;
using System.Net;
using k8s.Models;
using Ops.Api;
using Ops.Kube;

namespace Ops.Dashboard.Metrics;

/// <summary>Which pods are read, and where: routers, operators, model servers, and whoever asks for it by the usual annotation.</summary>
internal static class MetricsPage
{
    /// <summary>Whether a pod is the control plane's own operator; one elsewhere with its label is none.</summary>
    public static bool IsOperator(V1Pod pod) =>
        pod.Metadata.NamespaceProperty == WellKnown.SystemNamespace && pod.Metadata.Labels is { } labels && labels.TryGetValue(Labels.Component, out var component) && component == Labels.Operator;

    /// <summary>The address of a pod's metrics, or null.</summary>
    public static Uri? Of(V1Pod pod)
    {
        var labels = pod.Metadata.Labels ?? new Dictionary<string, string>();
        if (labels.ContainsKey(Labels.Pool) || (labels.TryGetValue(Labels.Component, out var component) && component == Labels.Router) || IsOperator(pod))
            return ScrapeTarget.Of(pod, WellKnown.HttpPortName);
        var annotations = pod.Metadata.Annotations ?? new Dictionary<string, string>();
        if (!annotations.TryGetValue("prometheus.io/scrape", out var wanted) || wanted != "true" || pod.Metadata.DeletionTimestamp is not null)
            return null;
        var port = annotations.TryGetValue("prometheus.io/port", out var text) && ushort.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var path = annotations.TryGetValue("prometheus.io/path", out var own) ? own : "/metrics";
        // Only an address is taken, never a name that would have to be resolved, and only a path of it.
        if (port == 0 || !path.StartsWith('/') || !IPAddress.TryParse(pod.Status?.PodIP, out var address))
            return null;
        return Uri.TryCreate(new UriBuilder("http", address.ToString(), port).Uri, path, out var page) && page.Host == address.ToString() ? page : null;
    }
}
