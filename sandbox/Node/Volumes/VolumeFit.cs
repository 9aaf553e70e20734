using k8s.Models;
using Ops.Sandbox.Node.Scheduling;

namespace Ops.Sandbox.Node.Volumes;

/// <summary>Whether a pod's claims let it run, and where, in kube-scheduler's words.</summary>
internal sealed class VolumeFit(IEnumerable<V1PersistentVolumeClaim> claims, IEnumerable<V1PersistentVolume> volumes)
{
    /// <summary>Sees no claim at all: for pods without any.</summary>
    public static VolumeFit Nothing { get; } = new([], []);

    private readonly Dictionary<(string, string), V1PersistentVolumeClaim> claimByName = claims.ToDictionary(claim => (claim.Metadata.NamespaceProperty, claim.Metadata.Name));
    private readonly Dictionary<string, V1PersistentVolume> volumeByName = volumes.ToDictionary(volume => volume.Metadata.Name, StringComparer.Ordinal);

    public static bool IsBound(V1PersistentVolumeClaim claim) => claim.Status?.Phase == "Bound";

    /// <summary>Why no node can take the pod, or null.</summary>
    public string? Problem(V1Pod pod)
    {
        foreach (var name in ClaimNames(pod))
        {
            if (!claimByName.TryGetValue((pod.Metadata.NamespaceProperty, name), out var claim))
                return $"persistentvolumeclaim \"{name}\" not found";
            if (claim.Metadata.DeletionTimestamp is not null)
                return $"persistentvolumeclaim \"{name}\" is being deleted";
            if (!IsBound(claim))
                return "pod has unbound immediate PersistentVolumeClaims";
        }

        return null;
    }

    /// <summary>Whether every volume of the pod can be reached from a node.</summary>
    public bool Reaches(V1Pod pod, V1Node node) => ClaimNames(pod)
        .Select(name => claimByName.GetValueOrDefault((pod.Metadata.NamespaceProperty, name))?.Spec.VolumeName is { } volume ? volumeByName.GetValueOrDefault(volume) : null)
        .All(volume => volume?.Spec.NodeAffinity?.Required?.NodeSelectorTerms is not { } terms || terms.Any(term => NodeFit.MatchesTerm(term, node)));

    private static IEnumerable<string> ClaimNames(V1Pod pod) =>
        (pod.Spec.Volumes ?? []).Select(volume => volume.PersistentVolumeClaim?.ClaimName).OfType<string>();
}
