using k8s;
using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Memory;

namespace Ops.Healing.Planning;

/// <summary>
/// The objects that a model may speak of: the one that is at fault and what it is directly connected with. Text from telemetry
/// can name any object; it cannot bring one in here.
/// </summary>
public static class Neighbourhood
{
    /// <summary>Most objects of it: a plan has no use for more, and a prompt no room.</summary>
    public const int MaxObjects = 24;

    /// <summary>"Kind/name" of the object at fault first, then its neighbours.</summary>
    /// <param name="finding">What is wrong.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    public static IReadOnlyList<string> Of(Finding finding, NamespaceSnapshot snapshot, Baseline memory)
    {
        var workloads = Workloads(finding, snapshot, memory).DistinctBy(one => (one.Kind, one.Name)).ToList();
        return [.. new[] { $"{finding.Kind}/{finding.Name}" }
            .Concat(workloads.Select(one => $"{one.Kind}/{one.Name}"))
            .Concat(finding.Kind is V1Deployment.KubeKind or V1StatefulSet.KubeKind ? workloads.SelectMany(one => Around(one, snapshot, memory)) : [])
            .Concat(workloads.SelectMany(one => one.Pods).Select(pod => $"{V1Pod.KubeKind}/{pod.Metadata.Name}"))
            .Distinct(StringComparer.Ordinal).Take(MaxObjects)];
    }

    private static IEnumerable<Workload> Workloads(Finding finding, NamespaceSnapshot snapshot, Baseline memory) => finding.Kind switch
    {
        V1Deployment.KubeKind or V1StatefulSet.KubeKind => snapshot.Workloads.Where(one => one.Kind == finding.Kind && one.Name == finding.Name),
        V1Service.KubeKind => snapshot.Workloads.Where(one => Selectors(finding.Name, snapshot, memory).Any(selector => Selects(selector, one))),
        V1ConfigMap.KubeKind => snapshot.Workloads.Where(one => ConfigMaps(one).Contains(finding.Name)),
        V1Pod.KubeKind => snapshot.Workloads.Where(one => one.Pods.Any(pod => pod.Metadata.Name == finding.Name)),
        _ => [],
    };

    private static IEnumerable<string> Around(Workload workload, NamespaceSnapshot snapshot, Baseline memory) => snapshot.Services
        .Where(one => Selectors(one.Metadata.Name, snapshot, memory).Any(selector => Selects(selector, workload))).Select(one => $"{V1Service.KubeKind}/{one.Metadata.Name}")
        .Concat(ConfigMaps(workload).Select(name => $"{V1ConfigMap.KubeKind}/{name}"));

    // What the Service selects, and what it selected when it was well.
    private static IEnumerable<IDictionary<string, string>> Selectors(string service, NamespaceSnapshot snapshot, Baseline memory)
    {
        if (snapshot.Services.FirstOrDefault(one => one.Metadata.Name == service)?.Spec.Selector is { Count: > 0 } now)
            yield return now;
        if (memory.Of(V1Service.KubeKind, service) is { } good && KubernetesJson.Deserialize<V1Service>(good.Content.ToJsonString()).Spec.Selector is { Count: > 0 } was)
            yield return was;
    }

    private static bool Selects(IDictionary<string, string> selector, Workload workload) =>
        selector.All(pair => workload.Template.Metadata?.Labels?.TryGetValue(pair.Key, out var value) == true && value == pair.Value);

    private static IEnumerable<string> ConfigMaps(Workload workload)
    {
        var spec = workload.Template.Spec;
        var containers = spec.Containers.Concat(spec.InitContainers ?? []).ToList();
        return (spec.Volumes ?? []).Select(volume => volume.ConfigMap?.Name)
            .Concat(containers.SelectMany(container => container.Env ?? []).Select(variable => variable.ValueFrom?.ConfigMapKeyRef?.Name))
            .Concat(containers.SelectMany(container => container.EnvFrom ?? []).Select(source => source.ConfigMapRef?.Name))
            .OfType<string>().Distinct(StringComparer.Ordinal);
    }
}
