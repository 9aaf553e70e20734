using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Volumes;

/// <summary>
/// Gives claims their volumes, one write a look: the next change of claim or volume brings the next look. A claim of a class
/// that exists gets a volume made for it at once; without a class it gets the default one; the rest waits, as in Kubernetes.
/// </summary>
internal static class ClaimPlanner
{
    /// <summary>The class that claims get which name none.</summary>
    public const string DefaultClass = "standard";

    /// <summary>What stands behind that class: a folder of this machine for each claim.</summary>
    public const string Provisioner = "sandbox.ops.autonomic.dev/folder";

    private const string Component = "persistentvolume-controller";
    private const string IsDefault = "storageclass.kubernetes.io/is-default-class";
    private const string StaticOnly = "kubernetes.io/no-provisioner";

    /// <summary>The class that a node of the sandbox brings.</summary>
    public static V1StorageClass Standard { get; } = new()
    {
        ApiVersion = "storage.k8s.io/v1",
        Kind = "StorageClass",
        Metadata = new() { Name = DefaultClass, Annotations = new Dictionary<string, string> { [IsDefault] = "true" } },
        Provisioner = Provisioner,
        ReclaimPolicy = "Delete",
        VolumeBindingMode = "Immediate",
    };

    public static Plan Make(V1PersistentVolumeClaim claim, IReadOnlyCollection<V1PersistentVolume> volumes, IReadOnlyCollection<V1StorageClass> classes)
    {
        if (claim.Metadata.DeletionTimestamp is not null || VolumeFit.IsBound(claim))
            return Plan.Nothing;
        if (claim.Spec.StorageClassName is null)
            return classes.FirstOrDefault(one => one.Metadata.Annotations?.TryGetValue(IsDefault, out var value) == true && value == "true") is { } standard
                ? Update(claim, copy => copy.Spec.StorageClassName = standard.Metadata.Name)
                : Plan.Nothing;
        var volume = volumes.FirstOrDefault(one => one.Spec.ClaimRef?.Uid == claim.Metadata.Uid) ?? Existing(claim, volumes);
        if (volume is null)
            return Provision(claim, classes);
        if (volume.Spec.ClaimRef is null)
            return Update(volume, copy => copy.Spec.ClaimRef = References.To(claim));
        if (volume.Status?.Phase != "Bound")
            return Status(volume, copy => copy.Status = new() { Phase = "Bound" });
        return claim.Spec.VolumeName is null
            ? Update(claim, copy => copy.Spec.VolumeName = volume.Metadata.Name)
            : Status(claim, copy => copy.Status = new() { Phase = "Bound", AccessModes = volume.Spec.AccessModes, Capacity = volume.Spec.Capacity });
    }

    /// <summary>What becomes of the volume of a claim that is gone.</summary>
    public static Plan Release(string @namespace, string name, IReadOnlyCollection<V1PersistentVolume> volumes) => new(
        [.. volumes.Where(one => one.Spec.ClaimRef is { } owner && owner.NamespaceProperty == @namespace && owner.Name == name && one.Spec.PersistentVolumeReclaimPolicy == "Delete")
            .Select(one => new DeleteObject<V1PersistentVolume>(one))]);

    // The smallest free volume of the class that is large enough, or the one that the claim names.
    private static V1PersistentVolume? Existing(V1PersistentVolumeClaim claim, IEnumerable<V1PersistentVolume> volumes) => volumes
        .Where(one => one.Spec.ClaimRef is null && (claim.Spec.VolumeName is { Length: > 0 } name ? one.Metadata.Name == name : one.Spec.StorageClassName == claim.Spec.StorageClassName))
        .Where(one => (claim.Spec.AccessModes ?? []).All(mode => one.Spec.AccessModes?.Contains(mode) == true) && Size(one.Spec.Capacity) >= Size(claim.Spec.Resources?.Requests))
        .MinBy(one => Size(one.Spec.Capacity));

    private static decimal Size(IDictionary<string, ResourceQuantity>? amounts) => amounts is not null && amounts.TryGetValue("storage", out var size) ? size.ToDecimal() : 0;

    private static Plan Provision(V1PersistentVolumeClaim claim, IEnumerable<V1StorageClass> classes)
    {
        if (classes.FirstOrDefault(one => one.Metadata.Name == claim.Spec.StorageClassName) is not { } kind)
        {
            return claim.Spec.StorageClassName.Length == 0 ? Plan.Nothing : new([new TellOnly
            {
                Tell = new(References.To(claim), Component, "ProvisioningFailed", $"storageclass.storage.k8s.io \"{claim.Spec.StorageClassName}\" not found", "Warning"),
            }]);
        }

        if (kind.Provisioner == StaticOnly || claim.Spec.VolumeName is { Length: > 0 })
            return Plan.Nothing;
        var volume = new V1PersistentVolume
        {
            ApiVersion = "v1",
            Kind = "PersistentVolume",
            Metadata = new() { Name = $"pvc-{claim.Metadata.Uid}" },
            Spec = new()
            {
                StorageClassName = kind.Metadata.Name,
                PersistentVolumeReclaimPolicy = kind.ReclaimPolicy ?? "Delete",
                AccessModes = claim.Spec.AccessModes,
                Capacity = claim.Spec.Resources?.Requests,
                ClaimRef = References.To(claim),
                // The kubelet gives each claim a folder by its name; the path here says so to people.
                HostPath = new() { Path = $"/claims/{claim.Metadata.NamespaceProperty}/{claim.Metadata.Name}" },
            },
        };
        return new([new CreateObject<V1PersistentVolume>(volume)
        {
            Tell = new(References.To(claim), Component, "ProvisioningSucceeded", $"Successfully provisioned volume {volume.Metadata.Name}"),
        }]);
    }

    private static Plan Update<T>(T thing, Action<T> change)
        where T : class, k8s.IKubernetesObject<V1ObjectMeta> => new([new UpdateObject<T>(Changed(thing, change))]);

    private static Plan Status<T>(T thing, Action<T> change)
        where T : class, k8s.IKubernetesObject<V1ObjectMeta> => new([new UpdateStatus<T>(Changed(thing, change))]);

    private static T Changed<T>(T thing, Action<T> change)
    {
        var copy = Canonical.Copy(thing);
        change(copy);
        return copy;
    }
}
