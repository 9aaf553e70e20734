using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>Prepares folders and environment of a container and starts its process.</summary>
internal sealed class ContainerStarter(KubeletContext context)
{
    /// <summary>Handed on from this process: where executables and the .NET runtime are. An image would have its own.</summary>
    private static readonly string[] FromHost = ["PATH", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "LD_LIBRARY_PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    /// <exception cref="ContainerConfigException">The pod describes something that cannot be made.</exception>
    /// <exception cref="FileNotFoundException">The executable is missing.</exception>
    public async Task StartAsync(V1Pod pod, ContainerSlot slot, string podIP, ImageEntry image)
    {
        var sources = context.SourcesFor(pod, podIP);
        var directory = context.PodDirectory(pod);
        var volumes = VolumesOf(pod, podIP);
        volumes.Fill();
        slot.Mounts = volumes.MountsOf(slot.Spec);
        slot.Environment = EnvironmentOf(pod, slot, podIP, image, sources, directory);
        var command = ImageTable.CommandOf(slot.Spec, image, slot.Environment, slot.Mounts);
        var folder = WorkingDirectory(slot, directory);
        var executable = ProcessTools.Find(command.Executable, slot.Environment.GetValueOrDefault("PATH"), folder)
            ?? throw new FileNotFoundException($"exec: \"{command.Executable}\": {(command.Executable.Contains('/') ? $"stat {command.Executable}: no such file or directory" : "executable file not found in $PATH")}");
        var log = new ContainerLog(context.LogPath(pod, slot.Spec.Name, slot.RestartCount), context.Clock);
        slot.Process = await ContainerProcess.StartAsync(context.Launcher, log, context.Clock, executable, command.Arguments, folder, slot.Environment);
        slot.ContainerId = $"sandbox://{pod.Metadata.Uid}-{slot.Spec.Name}-{slot.RestartCount}";
        context.Leftovers.Add(slot.Process);
        // Two runs are kept, the present one and the one before, as `logs --previous` needs.
        if (slot.RestartCount >= 2)
            RemoveLog(context.LogPath(pod, slot.Spec.Name, slot.RestartCount - 2));
    }

    public VolumeFolders VolumesOf(V1Pod pod, string podIP) =>
        new(context.PodDirectory(pod), context.ClaimsDirectory, pod, context.SourcesFor(pod, podIP), () => context.TokenFor(pod));

    private Dictionary<string, string> EnvironmentOf(V1Pod pod, ContainerSlot slot, string podIP, ImageEntry image, EnvironmentSources sources, string directory)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in FromHost)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
                environment[name] = value;
        }
        // The programs of an image are on its PATH, so that a shell in it finds them.
        if (image.Executable is { } program && Path.IsPathRooted(program))
            environment["PATH"] = $"{Path.GetDirectoryName(program)}:{environment.GetValueOrDefault("PATH")}";
        environment["HOME"] = directory;
        environment["HOSTNAME"] = pod.Spec.Hostname ?? pod.Metadata.Name;
        if (MemoryLimit.Of(slot.Spec) is { } limit && MemoryLimit.HeapLimit(limit) is var heap)
            environment[heap.Key] = heap.Value;
        foreach (var (name, value) in image.Environment)
            environment[name] = value;
        var api = new Uri(context.Server.Url);
        environment["KUBERNETES_SERVICE_HOST"] = api.Host;
        environment["KUBERNETES_SERVICE_PORT"] = environment["KUBERNETES_SERVICE_PORT_HTTPS"] = api.Port.ToString();
        if (WriteKubeconfig(pod, directory) is { } kubeconfig)
            environment["KUBECONFIG"] = kubeconfig;
        foreach (var (name, value) in ContainerEnvironment.Build(pod, slot.Spec, sources))
            environment[name] = slot.Mounts!.Apply(value);
        environment[Leftovers.Marker] = context.Options.WorkDirectory;
        return environment;
    }

    /// <summary>The sandbox's stand-in for the token and certificate that a real kubelet mounts.</summary>
    private string? WriteKubeconfig(V1Pod pod, string directory)
    {
        if (context.TokenFor(pod) is not { } token)
            return null;
        var path = Path.Combine(directory, "kubeconfig");
        Directory.CreateDirectory(directory);
        using (var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = OperatingSystem.IsWindows() ? null : UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        using (var writer = new StreamWriter(file))
        {
            writer.Write(context.Server.KubeconfigFor(token));
        }
        return path;
    }

    private static string WorkingDirectory(ContainerSlot slot, string podDirectory)
    {
        var own = Path.Combine(podDirectory, "containers", slot.Spec.Name);
        Directory.CreateDirectory(own);
        if (string.IsNullOrEmpty(slot.Spec.WorkingDir))
            return own;
        var wanted = slot.Mounts!.Apply(slot.Spec.WorkingDir);
        // A folder that only the image would have had is made inside the container's own.
        if (Directory.Exists(wanted))
            return wanted;
        var inside = Path.Combine(own, slot.Spec.WorkingDir.TrimStart('/'));
        Directory.CreateDirectory(inside);
        return inside;
    }

    private static void RemoveLog(string path)
    {
        if (!File.Exists(path))
            return;
        File.Delete(path);
        File.Delete(ContainerLog.RolledPath(path));
    }
}
