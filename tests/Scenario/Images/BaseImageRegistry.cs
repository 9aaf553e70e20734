using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ops.Images.Tests;

/// <summary>
/// A registry on the loopback with one image: the configuration of the chiseled ASP.NET base over a layer of one empty
/// folder. With it the SDK builds whole images on a machine that reaches no registry, and all but the runtime's own
/// files is as it will be.
/// </summary>
internal sealed class BaseImageRegistry : IAsyncDisposable
{
    private const string Repository = "dotnet/aspnet";
    private const string Tag = "base";
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>The environment of mcr.microsoft.com/dotnet/aspnet, which the processes get beside their pod's.</summary>
    private static readonly string[] Environment =
        ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "APP_UID=1654", "ASPNETCORE_HTTP_PORTS=8080", "DOTNET_RUNNING_IN_CONTAINER=true"];

    private readonly WebApplication _app;

    private BaseImageRegistry(WebApplication app) => _app = app;

    /// <summary>host:port, the form of insecure registries' names.</summary>
    public string Host => new Uri(_app.Urls.Single()).Authority;

    /// <summary>The base image's full name.</summary>
    public string Image => $"{Host}/{Repository}:{Tag}";

    public static async Task<BaseImageRegistry> StartAsync(CancellationToken cancellation)
    {
        var (layer, diffId) = Layer();
        var config = Encoding.UTF8.GetBytes(Config(diffId).ToJsonString());
        var manifest = Encoding.UTF8.GetBytes(Manifest(config, layer).ToJsonString());
        var blobs = new Dictionary<string, byte[]> { [Digest(config)] = config, [Digest(layer)] = layer };

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/v2/", () => Results.Ok());
        app.MapMethods($"/v2/{Repository}/manifests/{{reference}}", ["GET", "HEAD"], (HttpResponse response) =>
        {
            response.Headers["Docker-Content-Digest"] = Digest(manifest);
            return Results.Bytes(manifest, ManifestType);
        });
        app.MapMethods($"/v2/{Repository}/blobs/{{digest}}", ["GET", "HEAD"], (string digest) =>
            blobs.TryGetValue(digest, out var blob) ? Results.Bytes(blob, "application/octet-stream") : Results.NotFound());
        await app.StartAsync(cancellation);
        return new BaseImageRegistry(app);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static (byte[] Compressed, string DiffId) Layer()
    {
        using var plain = new MemoryStream();
        using (var tar = new TarWriter(plain, leaveOpen: true))
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "etc/"));
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(plain.ToArray());
        return (compressed.ToArray(), Digest(plain.ToArray()));
    }

    private static JsonObject Config(string diffId) => new()
    {
        ["architecture"] = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
        ["os"] = "linux",
        ["config"] = new JsonObject
        {
            ["Env"] = new JsonArray([.. Environment.Select(pair => JsonValue.Create(pair))]),
            ["User"] = "1654",
            ["WorkingDir"] = "/",
        },
        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(diffId) },
        ["history"] = new JsonArray(new JsonObject { ["created_by"] = "test" }),
    };

    private static JsonObject Manifest(byte[] config, byte[] layer) => new()
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = ManifestType,
        ["config"] = Descriptor("application/vnd.docker.container.image.v1+json", config),
        ["layers"] = new JsonArray(Descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", layer)),
    };

    private static JsonObject Descriptor(string type, byte[] content) => new()
    {
        ["mediaType"] = type,
        ["size"] = content.Length,
        ["digest"] = Digest(content),
    };
}
