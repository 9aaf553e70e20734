using System.Text;
using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>A pod's volumes as folders: emptyDir, configMap, secret, downwardAPI, projected, hostPath and claims.</summary>
internal sealed class VolumeFolders(string podDirectory, string claimsDirectory, V1Pod pod, EnvironmentSources sources, Func<string?> token)
{
    /// <summary>Makes or refreshes every volume.</summary>
    /// <exception cref="ContainerConfigException">A source that is missing, or a kind of volume that the sandbox does not have.</exception>
    public void Fill()
    {
        foreach (var volume in pod.Spec.Volumes ?? [])
        {
            var folder = FolderOf(volume);
            // A folder of the host is the host's, unless the pod says that it may be made.
            if (volume.HostPath is null || volume.HostPath.Type == "DirectoryOrCreate")
                Directory.CreateDirectory(folder);
            foreach (var (name, content) in Files(volume))
                WriteIfChanged(folder, name, content);
        }
    }

    public PathMapping MountsOf(V1Container container)
    {
        var mounts = new List<(string, string)>();
        foreach (var mount in container.VolumeMounts ?? [])
        {
            var volume = (pod.Spec.Volumes ?? []).FirstOrDefault(one => one.Name == mount.Name)
                ?? throw new ContainerConfigException($"volume \"{mount.Name}\" of container \"{container.Name}\" not found");
            var folder = FolderOf(volume);
            mounts.Add((mount.MountPath, string.IsNullOrEmpty(mount.SubPath) ? folder : Inside(folder, mount.SubPath)));
        }
        return new PathMapping(mounts);
    }

    private string FolderOf(V1Volume volume) => volume switch
    {
        { HostPath: { } host } => host.Path,
        { PersistentVolumeClaim: { } claim } => Path.Combine(claimsDirectory, pod.Metadata.NamespaceProperty, claim.ClaimName),
        { EmptyDir: not null } or { ConfigMap: not null } or { Secret: not null } or { DownwardAPI: not null } or { Projected: not null } =>
            Path.Combine(podDirectory, "volumes", volume.Name),
        _ => throw new ContainerConfigException($"volume \"{volume.Name}\" is of a kind that the sandbox does not have (it has emptyDir, configMap, secret, downwardAPI, projected, hostPath, persistentVolumeClaim)"),
    };

    private IEnumerable<(string Name, byte[] Content)> Files(V1Volume volume) => volume switch
    {
        { ConfigMap: { } config } => FromConfigMap(config.Name, config.Items, config.Optional == true),
        { Secret: { } secret } => FromSecret(secret.SecretName, secret.Items, secret.Optional == true),
        { DownwardAPI: { } downward } => FromDownward(downward.Items),
        { Projected: { } projected } => (projected.Sources ?? []).SelectMany(FromProjection),
        _ => [],
    };

    private IEnumerable<(string, byte[])> FromProjection(V1VolumeProjection source)
    {
        if (source.ConfigMap is { } config)
            return FromConfigMap(config.Name, config.Items, config.Optional == true);
        if (source.Secret is { } secret)
            return FromSecret(secret.Name, secret.Items, secret.Optional == true);
        if (source.DownwardAPI is { } downward)
            return FromDownward(downward.Items);
        return source.ServiceAccountToken is { } account && token() is { } text ? [(account.Path, Encoding.UTF8.GetBytes(text))] : [];
    }

    private IEnumerable<(string, byte[])> FromConfigMap(string name, IList<V1KeyToPath>? items, bool optional)
    {
        var found = sources.ConfigMap(name);
        if (found is null && !optional)
            throw new ContainerConfigException($"configmap \"{name}\" not found");
        var all = (found?.Data ?? new Dictionary<string, string>()).ToDictionary(pair => pair.Key, pair => Encoding.UTF8.GetBytes(pair.Value), StringComparer.Ordinal);
        foreach (var (key, value) in found?.BinaryData ?? new Dictionary<string, byte[]>())
            all[key] = value;
        return Pick(all, items, optional, $"configmap \"{name}\"");
    }

    private IEnumerable<(string, byte[])> FromSecret(string name, IList<V1KeyToPath>? items, bool optional)
    {
        var found = sources.Secret(name);
        if (found is null && !optional)
            throw new ContainerConfigException($"secret \"{name}\" not found");
        return Pick(new Dictionary<string, byte[]>(found?.Data ?? new Dictionary<string, byte[]>(), StringComparer.Ordinal), items, optional, $"secret \"{name}\"");
    }

    private static IEnumerable<(string, byte[])> Pick(Dictionary<string, byte[]> all, IList<V1KeyToPath>? items, bool optional, string from)
    {
        if (items is not { Count: > 0 })
            return all.Select(pair => (pair.Key, pair.Value));
        var picked = new List<(string, byte[])>();
        foreach (var item in items)
        {
            if (all.TryGetValue(item.Key, out var value))
                picked.Add((item.Path, value));
            else if (!optional)
                throw new ContainerConfigException($"references non-existent {from} key: {item.Key}");
        }
        return picked;
    }

    private IEnumerable<(string, byte[])> FromDownward(IList<V1DownwardAPIVolumeFile>? items) => (items ?? []).Select(item => (item.Path, Encoding.UTF8.GetBytes(
        item.FieldRef is { } field
            ? DownwardApi.Field(field.FieldPath, pod, sources.PodIP, sources.HostIP)
            : DownwardApi.Resource(item.ResourceFieldRef, pod, pod.Spec.Containers[0], sources.Node))));

    private static void WriteIfChanged(string folder, string name, byte[] content)
    {
        var path = Inside(folder, name);
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // A reader sees the old file or the new one, never half of it.
        var made = path + ".tmp";
        File.WriteAllBytes(made, content);
        File.Move(made, path, overwrite: true);
    }

    /// <summary>A path of the pod's author must not leave its volume.</summary>
    private static string Inside(string folder, string name)
    {
        var path = Path.GetFullPath(Path.Combine(folder, name));
        return path.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new ContainerConfigException($"path \"{name}\" leads out of its volume");
    }
}
