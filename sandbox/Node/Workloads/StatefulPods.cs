using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Names, labels and claims of a StatefulSet's numbered pods.</summary>
internal static class StatefulPods
{
    /// <summary>The number at the end of the pod's name; null when the name is not the set's.</summary>
    public static int? OrdinalOf(V1StatefulSet set, V1Pod pod)
    {
        var prefix = set.Metadata.Name + "-";
        return pod.Metadata.Name.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(pod.Metadata.Name.AsSpan(prefix.Length), out var ordinal) ? ordinal : null;
    }

    public static string? RevisionOf(V1Pod pod) =>
        pod.Metadata.Labels is { } labels && labels.TryGetValue(StatefulSetPlanner.RevisionLabel, out var revision) ? revision : null;

    public static V1Pod Make(V1StatefulSet set, V1ControllerRevision revision, int ordinal)
    {
        var name = $"{set.Metadata.Name}-{ordinal}";
        var pod = Pods.FromTemplate(
            ControllerRevisions.TemplateOf(revision), set.Metadata.NamespaceProperty, Owners.Reference(set), name, set.Metadata.Name + "-");
        pod.Metadata.Labels["statefulset.kubernetes.io/pod-name"] = name;
        pod.Metadata.Labels["apps.kubernetes.io/pod-index"] = ordinal.ToString();
        pod.Metadata.Labels[StatefulSetPlanner.RevisionLabel] = revision.Metadata.Name;
        pod.Spec.Hostname = name;
        pod.Spec.Subdomain = set.Spec.ServiceName;
        foreach (var claim in set.Spec.VolumeClaimTemplates ?? [])
        {
            pod.Spec.Volumes = [.. (pod.Spec.Volumes ?? []).Where(volume => volume.Name != claim.Metadata.Name), new V1Volume
            {
                Name = claim.Metadata.Name,
                PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = ClaimName(set, claim, ordinal) },
            }];
        }
        return pod;
    }

    public static IEnumerable<V1PersistentVolumeClaim> MissingClaims(V1StatefulSet set, int ordinal, IReadOnlySet<string> existing)
    {
        foreach (var template in set.Spec.VolumeClaimTemplates ?? [])
        {
            var name = ClaimName(set, template, ordinal);
            if (existing.Contains(name))
                continue;
            var labels = new Dictionary<string, string>(set.Spec.Selector.MatchLabels ?? new Dictionary<string, string>());
            foreach (var (key, value) in template.Metadata.Labels ?? new Dictionary<string, string>())
                labels[key] = value;
            yield return new V1PersistentVolumeClaim
            {
                ApiVersion = "v1",
                Kind = "PersistentVolumeClaim",
                Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = set.Metadata.NamespaceProperty, Labels = labels, Annotations = template.Metadata.Annotations },
                Spec = Canonical.Copy(template.Spec),
            };
        }
    }

    private static string ClaimName(V1StatefulSet set, V1PersistentVolumeClaim claim, int ordinal) =>
        $"{claim.Metadata.Name}-{set.Metadata.Name}-{ordinal}";
}
