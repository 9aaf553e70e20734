using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>What a container runs: an executable with its arguments.</summary>
internal sealed record ContainerCommand(string Executable, IReadOnlyList<string> Arguments);

/// <summary>Turns image, command and args of a container into a command of this machine.</summary>
internal static class ImageTable
{
    /// <summary>Why an image cannot be had; null when it can.</summary>
    public static string? Missing(IReadOnlyDictionary<string, ImageEntry> images, string image) => images.ContainsKey(image)
        ? null
        : $"image \"{image}\" is not in the sandbox's image table, which has: {string.Join(", ", images.Keys.Order(StringComparer.Ordinal))}";

    /// <summary>A container's command replaces the image's executable, its args replace nothing: an entry has no default arguments.</summary>
    /// <exception cref="ContainerConfigException">Neither the image nor the container names an executable.</exception>
    public static ContainerCommand CommandOf(V1Container container, ImageEntry image, IReadOnlyDictionary<string, string> environment, PathMapping mounts)
    {
        string Real(string text) => mounts.Apply(ContainerEnvironment.Expand(text, environment));
        var arguments = (container.Args ?? []).Select(Real);
        if (container.Command is { Count: > 0 } command)
            return new ContainerCommand(Real(command[0]), [.. command.Skip(1).Select(Real), .. arguments]);
        return image.Executable is { } executable
            ? new ContainerCommand(executable, [.. image.LeadingArguments, .. arguments])
            : throw new ContainerConfigException("no command specified");
    }
}
