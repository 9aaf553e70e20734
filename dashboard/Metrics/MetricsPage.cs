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
        return ScrapeTarget.Annotated(pod);
    }
}
