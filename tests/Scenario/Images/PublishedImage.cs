using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Testing;

namespace Ops.Images.Tests;

/// <summary>An image as dotnet publish made it, unpacked.</summary>
/// <param name="Name">Repository and tag.</param>
/// <param name="Config">The part of its configuration that a runtime obeys: User, Entrypoint, Env, ExposedPorts, WorkingDir.</param>
/// <param name="Files">The entries of its topmost layer.</param>
/// <param name="Root">Where that layer lies unpacked.</param>
internal sealed record PublishedImage(string Name, JsonObject Config, IReadOnlyList<(string Path, UnixFileMode Mode)> Files, string Root)
{
    /// <summary>A list of the configuration, for example Env.</summary>
    public IReadOnlyList<string> List(string name) => [.. (Config[name] as JsonArray ?? []).Select(item => item!.GetValue<string>())];

    /// <summary>Builds the image of a project and unpacks it below a folder.</summary>
    /// <exception cref="InvalidOperationException">The SDK refuses; the message is its output.</exception>
    public static async Task<PublishedImage> BuildAsync(string project, BaseImageRegistry registry, string folder, CancellationToken cancellation)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        var archive = Path.Combine(folder, name + ".tar");
        await DotnetAsync(
            ["publish", project, "-c", Configuration, "--no-build", "--nologo", "-v", "q", "-nodeReuse:false", "-t:PublishContainer",
                $"-p:ContainerBaseImage={registry.Image}", $"-p:ContainerArchiveOutputPath={archive}", $"-p:PublishDir={Path.Combine(folder, name + "-publish")}/"],
            registry.Host,
            cancellation);
        return await UnpackAsync(archive, Path.Combine(folder, name), cancellation);
    }

    /// <summary>What MSBuild makes of a property after a target has run.</summary>
    public static async Task<string> PropertyAsync(string project, string target, string property, CancellationToken cancellation) =>
        (await DotnetAsync(["msbuild", project, $"-p:Configuration={Configuration}", "-nodeReuse:false", $"-t:{target}", $"-getProperty:{property}"], "", cancellation)).Trim();

    // "release" is the folder, Release the configuration.
    private static string Configuration { get; } =
        char.ToUpperInvariant(new DirectoryInfo(AppContext.BaseDirectory).Name[0]) + new DirectoryInfo(AppContext.BaseDirectory).Name[1..];

    private static async Task<string> DotnetAsync(string[] arguments, string insecureRegistry, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = insecureRegistry, ["DOTNET_NOLOGO"] = "1" },
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)}:\n{await output}{await error}");
    }

    private static async Task<PublishedImage> UnpackAsync(string archive, string folder, CancellationToken cancellation)
    {
        var saved = Directory.CreateDirectory(folder + "-saved").FullName;
        await TarFile.ExtractToDirectoryAsync(archive, saved, overwriteFiles: false, cancellation);
        var manifest = JsonSerializer.Deserialize<SavedImage[]>(await File.ReadAllTextAsync(Path.Combine(saved, "manifest.json"), cancellation))!.Single();
        var config = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(saved, manifest.Config), cancellation))!;

        Directory.CreateDirectory(folder);
        var files = new List<(string, UnixFileMode)>();
        var layer = Path.Combine(saved, manifest.Layers[^1]);
        await using (var tar = new TarReader(new GZipStream(File.OpenRead(layer), CompressionMode.Decompress)))
        {
            while (await tar.GetNextEntryAsync(cancellationToken: cancellation) is { } entry)
                files.Add(("/" + entry.Name.TrimStart('.', '/'), entry.Mode));
        }

        await using (var content = new GZipStream(File.OpenRead(layer), CompressionMode.Decompress))
            await TarFile.ExtractToDirectoryAsync(content, folder, overwriteFiles: true, cancellation);
        return new PublishedImage(manifest.RepoTags.Single(), config["config"]!.AsObject(), files, folder);
    }

    // manifest.json of docker save, which the SDK's archives follow.
    private sealed record SavedImage(string Config, IReadOnlyList<string> RepoTags, IReadOnlyList<string> Layers);
}
