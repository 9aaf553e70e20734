using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>References of pod templates to ConfigMaps: running pods do without, the next one does not start.</summary>
internal sealed class ConfigReferenceAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        var maps = snapshot.ConfigMaps.ToDictionary(map => map.Metadata.Name);
        foreach (var workload in snapshot.Workloads)
        {
            foreach (var (map, key) in References(workload.Template.Spec))
            {
                if (!maps.TryGetValue(map, out var found))
                {
                    yield return memory.Of(V1ConfigMap.KubeKind, map) is not null
                        ? new(V1ConfigMap.KubeKind, map, Causes.ConfigMapMissing, $"{workload.Kind} {workload.Name} reads it")
                        : new(workload.Kind, workload.Name, Causes.WrongReference, $"ConfigMap {map} does not exist");
                }
                else if (key is not null && found.Data?.ContainsKey(key) != true && found.BinaryData?.ContainsKey(key) != true)
                {
                    yield return memory.Of(V1ConfigMap.KubeKind, map)?.Content["data"]?[key] is not null
                        ? new(V1ConfigMap.KubeKind, map, Causes.ConfigMapKeyMissing, $"{workload.Kind} {workload.Name} reads its entry {key}")
                        : new(workload.Kind, workload.Name, Causes.WrongReference, $"ConfigMap {map} has no entry {key}");
                }
            }
        }
    }

    /// <summary>Each ConfigMap, with the entry or null for the whole, that a pod needs in order to start.</summary>
    private static IEnumerable<(string Map, string? Key)> References(V1PodSpec spec)
    {
        foreach (var container in (spec.InitContainers ?? []).Concat(spec.Containers))
        {
            foreach (var reference in (container.Env ?? []).Select(variable => variable.ValueFrom?.ConfigMapKeyRef).Where(reference => reference is { Optional: not true }))
                yield return (reference!.Name, reference.Key);
            foreach (var source in (container.EnvFrom ?? []).Select(source => source.ConfigMapRef).Where(source => source is { Optional: not true }))
                yield return (source!.Name, null);
        }

        foreach (var volume in (spec.Volumes ?? []).Select(volume => volume.ConfigMap).Where(volume => volume is { Optional: not true }))
            yield return (volume!.Name, null);
    }
}
