using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Discovery;

/// <summary>/openapi/v3 and its documents. Version 2 is a 404, which kubectl takes as "ask for version 3".</summary>
internal sealed class OpenApiHandler(ResourceRegistry registry) : IRequestHandler
{
    private const string Root = "/openapi/v3";

    private readonly DocumentCache _cache = new(registry);

    public RequestDelegate? Find(RequestInfo info)
    {
        var path = info.Path.TrimEnd('/');
        if (path == Root) return context => _cache.Get("", Index).SendAsync(context, "application/json");
        if (!path.StartsWith($"{Root}/", StringComparison.Ordinal)) return null;
        var versions = registry.Current.Versions.Where(v => $"{Root}/{OpenApiDocuments.PathOf(v.Group, v.Version)}" == path).ToList();
        return versions.Count == 0 ? null : context => DocumentAsync(context, versions[0].Group, versions[0].Version);
    }

    private JsonObject Index(ResourceCatalogue catalogue)
    {
        var paths = new JsonObject();
        foreach (var (group, version) in catalogue.Versions)
        {
            var path = OpenApiDocuments.PathOf(group, version);
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"{Root}/{path}?hash={HashOf(catalogue, group, version)}" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    private Task DocumentAsync(HttpContext context, string group, string version)
    {
        var hash = HashOf(registry.Current, group, version);
        var asked = context.Request.Query["hash"].ToString();
        if (asked.Length > 0 && asked != hash)
        {
            context.Response.Redirect($"{context.Request.Path}?hash={hash}", permanent: true);
            return Task.CompletedTask;
        }

        if (asked == hash) context.Response.Headers.CacheControl = "public, immutable";
        return _cache.Get($"{group}/{version}", c => OpenApiDocuments.Document(c, group, version)).SendAsync(context, "application/json");
    }

    /// <summary>Changes when a schema of the group version does; made from fingerprints so that the index needs no document.</summary>
    private static string HashOf(ResourceCatalogue catalogue, string group, string version)
    {
        var parts = catalogue.All.Where(r => r.Kind.Group == group && r.Kind.Version == version).Select(r => $"{r.Kind.Kind}={r.Fingerprint}");
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join(';', parts))))[..32];
    }
}
