using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>What a pod may learn about itself through environment or files.</summary>
internal static class DownwardApi
{
    /// <exception cref="ContainerConfigException">A field that the downward API does not offer.</exception>
    public static string Field(string path, V1Pod pod, string podIP, string hostIP) => path switch
    {
        "metadata.name" => pod.Metadata.Name,
        "metadata.namespace" => pod.Metadata.NamespaceProperty,
        "metadata.uid" => pod.Metadata.Uid,
        "metadata.labels" => Lines(pod.Metadata.Labels),
        "metadata.annotations" => Lines(pod.Metadata.Annotations),
        "spec.nodeName" => pod.Spec.NodeName,
        "spec.serviceAccountName" => pod.Spec.ServiceAccountName ?? "default",
        "status.podIP" or "status.podIPs" => podIP,
        "status.hostIP" or "status.hostIPs" => hostIP,
        _ when Keyed(path, "metadata.labels") is { } key => Value(pod.Metadata.Labels, key),
        _ when Keyed(path, "metadata.annotations") is { } key => Value(pod.Metadata.Annotations, key),
        _ => throw new ContainerConfigException($"fieldPath \"{path}\" is not supported"),
    };

    /// <summary>A limit or request divided by the divisor, rounded up; without a limit, what the node has.</summary>
    public static string Resource(V1ResourceFieldSelector selector, V1Pod pod, V1Container own, V1Node? node)
    {
        var container = string.IsNullOrEmpty(selector.ContainerName)
            ? own
            : pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []).FirstOrDefault(one => one.Name == selector.ContainerName)
                ?? throw new ContainerConfigException($"container {selector.ContainerName} not found");
        var (kind, name) = selector.Resource.Split('.', 2) is [var first, var second] ? (first, second) : (string.Empty, selector.Resource);
        var limits = container.Resources?.Limits;
        var requests = container.Resources?.Requests;
        ResourceQuantity? quantity = kind switch
        {
            "limits" => Find(limits, name) ?? Find(node?.Status?.Allocatable, name),
            "requests" => Find(requests, name) ?? Find(limits, name),
            _ => throw new ContainerConfigException($"unsupported container resource : {selector.Resource}"),
        };
        var divisor = selector.Divisor?.ToDecimal() is > 0 and var given ? given : 1m;
        return ((long)Math.Ceiling((quantity?.ToDecimal() ?? 0) / divisor)).ToString();
    }

    private static ResourceQuantity? Find(IDictionary<string, ResourceQuantity>? amounts, string name) =>
        amounts is not null && amounts.TryGetValue(name, out var amount) ? amount : null;

    private static string? Keyed(string path, string field) =>
        path.StartsWith(field + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal) ? path[(field.Length + 2)..^2] : null;

    private static string Value(IDictionary<string, string>? map, string key) => map is not null && map.TryGetValue(key, out var value) ? value : string.Empty;

    private static string Lines(IDictionary<string, string>? map) =>
        string.Join('\n', (map ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}=\"{pair.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""));
}
