using System.Net;
using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Services;

/// <summary>Publishes the pods of a Service as EndpointSlices: one group of slices per set of resolved ports.</summary>
internal static class EndpointSlicePlanner
{
    internal const string ServiceLabel = "kubernetes.io/service-name";
    private const string ManagerLabel = "endpointslice.kubernetes.io/managed-by";
    private const string Manager = "endpointslice-controller.k8s.io";
    private const string HeadlessLabel = "service.kubernetes.io/headless";
    private const string TriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";

    /// <summary>Endpoints in one slice, Kubernetes' default: a change of one pod rewrites at most this many.</summary>
    private const int SliceSize = 100;

    public static Plan Make(V1Service service, IEnumerable<V1Pod> podsOfNamespace, IEnumerable<V1EndpointSlice> slicesOfNamespace, DateTimeOffset now)
    {
        var existing = slicesOfNamespace
            .Where(slice => slice.Metadata.Labels is { } labels
                && labels.TryGetValue(ServiceLabel, out var name) && name == service.Metadata.Name
                && labels.TryGetValue(ManagerLabel, out var manager) && manager == Manager
                && Owners.Controls(service, slice))
            .OrderBy(slice => slice.Metadata.Name, StringComparer.Ordinal)
            .ToList();
        // Without a selector somebody else keeps the endpoints; ExternalName has none.
        if (service.Metadata.DeletionTimestamp is not null || service.Spec.Selector is not { Count: > 0 } || service.Spec.Type == "ExternalName")
            return Plan.Nothing;

        var wanted = Wanted(service, podsOfNamespace);
        var writes = new List<Write>();
        foreach (var slice in wanted)
        {
            var same = existing.FirstOrDefault(one => Canonical.Same(one.Ports, slice.Ports));
            if (same is null)
            {
                slice.Metadata.Annotations = new Dictionary<string, string> { [TriggerTime] = Stamp(now) };
                writes.Add(new CreateObject<V1EndpointSlice>(slice));
                continue;
            }
            existing.Remove(same);
            if (Canonical.Same(same.Endpoints, slice.Endpoints) && Canonical.Same(same.Metadata.Labels, slice.Metadata.Labels))
                continue;
            var copy = Canonical.Copy(same);
            copy.Endpoints = slice.Endpoints;
            copy.Metadata.Labels = slice.Metadata.Labels;
            copy.Metadata.Annotations = new Dictionary<string, string>(copy.Metadata.Annotations ?? new Dictionary<string, string>()) { [TriggerTime] = Stamp(now) };
            writes.Add(new UpdateObject<V1EndpointSlice>(copy));
        }
        writes.AddRange(existing.Select(slice => new DeleteObject<V1EndpointSlice>(slice)));
        return new Plan(writes);
    }

    private static List<V1EndpointSlice> Wanted(V1Service service, IEnumerable<V1Pod> pods)
    {
        var groups = pods
            .Where(pod => Selectors.MatchesMap(service.Spec.Selector, pod.Metadata.Labels) && pod.Status?.PodIP is { Length: > 0 } && !Pods.IsTerminal(pod))
            .OrderBy(pod => IPAddress.Parse(pod.Status.PodIP).GetAddressBytes(), AddressOrder.Instance)
            .GroupBy(pod => Canonical.Text(PortsOf(service, pod)))
            .ToList();
        if (groups.Count == 0)
            return [Slice(service, [], null)];
        return [.. groups.SelectMany(group => group.Chunk(SliceSize).Select(chunk => Slice(service, [.. chunk.Select(pod => EndpointOf(service, pod))], PortsOf(service, group.First()))))];
    }

    private static V1EndpointSlice Slice(V1Service service, List<V1Endpoint> endpoints, List<Discoveryv1EndpointPort>? ports)
    {
        var labels = new Dictionary<string, string>(service.Metadata.Labels ?? new Dictionary<string, string>())
        {
            [ServiceLabel] = service.Metadata.Name,
            [ManagerLabel] = Manager,
        };
        if (service.Spec.ClusterIP == "None")
            labels[HeadlessLabel] = string.Empty;
        return new V1EndpointSlice
        {
            ApiVersion = "discovery.k8s.io/v1",
            Kind = "EndpointSlice",
            AddressType = "IPv4",
            Metadata = new V1ObjectMeta
            {
                GenerateName = service.Metadata.Name + "-",
                NamespaceProperty = service.Metadata.NamespaceProperty,
                Labels = labels,
                OwnerReferences = [Owners.Reference(service)],
            },
            Endpoints = endpoints,
            Ports = ports,
        };
    }

    /// <summary>The Service's ports as this pod serves them; a port name that the pod does not have is left out.</summary>
    private static List<Discoveryv1EndpointPort>? PortsOf(V1Service service, V1Pod pod)
    {
        var ports = new List<Discoveryv1EndpointPort>();
        foreach (var port in service.Spec.Ports ?? [])
        {
            if (NumberOf(port, pod) is { } number)
                ports.Add(new Discoveryv1EndpointPort { Name = port.Name ?? string.Empty, Port = number, Protocol = port.Protocol ?? "TCP", AppProtocol = port.AppProtocol });
        }
        return ports;
    }

    private static int? NumberOf(V1ServicePort port, V1Pod pod)
    {
        var target = port.TargetPort?.Value;
        if (string.IsNullOrEmpty(target) || target == "0")
            return port.Port;
        return int.TryParse(target, out var number)
            ? number
            : pod.Spec.Containers.SelectMany(container => container.Ports ?? [])
                .FirstOrDefault(candidate => candidate.Name == target && (candidate.Protocol ?? "TCP") == (port.Protocol ?? "TCP"))?.ContainerPort;
    }

    private static V1Endpoint EndpointOf(V1Service service, V1Pod pod)
    {
        var serving = Pods.IsReady(pod);
        var terminating = Pods.IsTerminating(pod);
        return new V1Endpoint
        {
            Addresses = [pod.Status.PodIP],
            Conditions = new V1EndpointConditions
            {
                Ready = service.Spec.PublishNotReadyAddresses == true || (serving && !terminating),
                Serving = serving,
                Terminating = terminating,
            },
            Hostname = !string.IsNullOrEmpty(pod.Spec.Hostname) && pod.Spec.Subdomain == service.Metadata.Name ? pod.Spec.Hostname : null,
            NodeName = pod.Spec.NodeName,
            TargetRef = new V1ObjectReference { Kind = "Pod", Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.NamespaceProperty, Uid = pod.Metadata.Uid },
        };
    }

    private static string Stamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    private sealed class AddressOrder : IComparer<byte[]>
    {
        public static readonly AddressOrder Instance = new();

        public int Compare(byte[]? left, byte[]? right) => left.AsSpan().SequenceCompareTo(right);
    }
}
