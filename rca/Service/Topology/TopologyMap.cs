using System.Net;
using k8s.Models;
using Ops.Api;
using Ops.Rca.Sources;
using Ops.Rca.Sources.Scraping;

namespace Ops.Rca.Service.Topology;

/// <summary>
/// Which service a pod is part of, and which service an address or a host name means. A pod is part of the Service whose
/// EndpointSlices name it, else of the workload that owns it; ids are namespace/name.
/// </summary>
internal sealed class TopologyMap
{
    private static readonly TimeSpan StartUp = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, string> byAddress = [];
    private readonly HashSet<string> namespaces = [];

    /// <summary>Reads the map from the objects of a cluster.</summary>
    public TopologyMap(IEnumerable<V1Pod> pods, IEnumerable<V1Service> services, IEnumerable<V1EndpointSlice> slices, DateTimeOffset now)
    {
        foreach (var service in services)
        {
            var id = Id(service.Metadata.NamespaceProperty, service.Metadata.Name);
            foreach (var address in service.Spec?.ClusterIPs ?? [])
                if (IPAddress.TryParse(address, out _))
                    byAddress[address] = id;
        }

        // Of several Services over one pod the first by name counts, so that a reading tomorrow says the same.
        var ofPod = new Dictionary<string, string>();
        foreach (var slice in slices.OrderBy(slice => slice.Metadata.Name, StringComparer.Ordinal))
            if (slice.Metadata.Labels?.TryGetValue(Labels.ServiceName, out var name) == true)
                foreach (var endpoint in slice.Endpoints ?? [])
                    if (endpoint.TargetRef is { Kind: "Pod" } target)
                        ofPod.TryAdd(Id(slice.Metadata.NamespaceProperty, target.Name), Id(slice.Metadata.NamespaceProperty, name));

        var targets = new List<ScrapeTarget>();
        foreach (var pod in pods)
        {
            var instance = Id(pod.Metadata.NamespaceProperty, pod.Metadata.Name);
            var id = ofPod.GetValueOrDefault(instance) ?? OwnerOf(pod);
            namespaces.Add(pod.Metadata.NamespaceProperty);
            if (pod.Status?.PodIP is { Length: > 0 } ip)
                byAddress.TryAdd(ip, id);
            if (PageOf(pod, now) is { } page)
                targets.Add(new ScrapeTarget(instance, id, page));
        }

        Targets = targets;
    }

    /// <summary>Running pods with the annotation prometheus.io/scrape: "true".</summary>
    public IReadOnlyList<ScrapeTarget> Targets { get; }

    /// <summary>Whether pods run in a namespace.</summary>
    public bool HasNamespace(string name) => namespaces.Contains(name);

    /// <summary>The id of the service that another one means by a name, an address or a URL; null for what is no service.</summary>
    public string? Resolve(string from, string name)
    {
        var id = LabelMapping.HostName(from, name);
        return id is null ? null : byAddress.GetValueOrDefault(id) ?? id;
    }

    private static string Id(string space, string name) => $"{space}/{name}";

    // ReplicaSet web-5d4b7c6f9 of Deployment web: the pod's own label tells the hash, so no right to read ReplicaSets is needed.
    private static string OwnerOf(V1Pod pod)
    {
        var owner = pod.Metadata.OwnerReferences?.FirstOrDefault(reference => reference.Controller == true);
        var name = owner?.Name ?? pod.Metadata.Name;
        if (owner?.Kind == "ReplicaSet" && pod.Metadata.Labels?.TryGetValue("pod-template-hash", out var hash) == true && name.EndsWith("-" + hash, StringComparison.Ordinal))
            name = name[..^(hash.Length + 1)];
        return Id(pod.Metadata.NamespaceProperty, name);
    }

    // A pod that starts has no normal yet, and one that ends is nobody's trouble; one that was there and is not ready is.
    private static Uri? PageOf(V1Pod pod, DateTimeOffset now) =>
        !IsReady(pod) && now - pod.Status?.StartTime < StartUp ? null : Kube.ScrapeTarget.Annotated(pod);

    private static bool IsReady(V1Pod pod) => pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true;
}
