using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Streams;
using Ops.Sandbox.Api.Tables;

namespace Ops.Sandbox.Api.Http;

/// <summary>The verbs of every resource, and of /status, which differs only in what it may change.</summary>
internal sealed class ResourceHandler(ObjectReader reader, ObjectWriter writer, ObjectDeleter deleter, WatchStream watches, TimeProvider time, CancellationToken stopping)
{
    public Task ServeAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        var named = info.Name.Length > 0;
        if (resource.Kind.DeprecationWarning is { } warning) Warn(context, [warning]);
        return info.Verb switch
        {
            "get" => GetAsync(context, resource, info),
            "list" => ListAsync(context, resource, info),
            "watch" => WatchAsync(context, resource, info),
            "create" when !named => CreateAsync(context, resource, info),
            "update" when named => UpdateAsync(context, resource, info),
            "patch" when named => PatchAsync(context, resource, info),
            "delete" => DeleteAsync(context, resource, info),
            "deletecollection" when !resource.Kind.Namespaced || info.Namespace.Length > 0 => DeleteAllAsync(context, resource, info),
            _ => throw Errors.MethodNotAllowed(),
        };
    }

    public Task ServeStatusAsync(HttpContext context, ServedResource resource, RequestInfo info) => info.Verb switch
    {
        "get" => GetAsync(context, resource, info),
        "update" => UpdateAsync(context, resource, info, "status"),
        "patch" => PatchAsync(context, resource, info, "status"),
        _ => throw Errors.MethodNotAllowed(),
    };

    /// <summary>Sends one object in the form that the client asked for.</summary>
    public Task SendAsync(HttpContext context, ServedResource resource, JsonObject document, int code = StatusCodes.Status200OK)
    {
        var media = MediaTypes.Negotiate(context.Request);
        JsonNode body = media.Form switch
        {
            _ when document.Text("kind") == "Status" => document,
            Form.Table => TableRows.Table(resource, [document], RevisionOnly(document), TableRows.IncludeOf(context.Request), media.Version, time.GetUtcNow()),
            Form.PartialMetadata => TableRows.PartialMetadata(document, media.Version),
            _ => document,
        };
        return Responses.WriteAsync(context, body, code, media.Yaml);
    }

    public static void Warn(HttpContext context, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
        {
            var escaped = warning.Replace("\\", "\\\\").Replace("\"", "\\\"").ReplaceLineEndings(" ");
            context.Response.Headers.Append("Warning", $"299 - \"{escaped}\"");
        }
    }

    private static string NamespaceOf(ServedResource resource, RequestInfo info) => resource.Kind.Namespaced ? info.Namespace : "";

    private Task GetAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        var media = MediaTypes.Negotiate(context.Request);
        var stored = reader.Get(resource, NamespaceOf(resource, info), info.Name);
        return media == MediaType.Json && resource.IsStorageVersion
            ? Responses.WriteAsync(context, stored.Json)
            : SendAsync(context, resource, resource.FromStorage(stored.Parse()));
    }

    private async Task ListAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        var media = MediaTypes.Negotiate(context.Request);
        var query = QueryOptions.List(context.Request, resource, NamespaceOf(resource, info), "");
        var page = await reader.ListAsync(resource, query, context.RequestAborted);
        if (media.Form == Form.Object && !media.Yaml)
        {
            await Responses.WriteAsync(context, ListBody.Write(resource, page));
            return;
        }

        var documents = page.Items.Select(i => resource.FromStorage(i.Parse()));
        var metadata = ListBody.Metadata(resource, page);
        JsonNode body = media.Form switch
        {
            Form.Table => TableRows.Table(resource, documents, metadata, TableRows.IncludeOf(context.Request), media.Version, time.GetUtcNow()),
            Form.PartialMetadata => List("PartialObjectMetadataList", $"meta.k8s.io/{media.Version}", metadata, documents.Select(d => TableRows.PartialMetadata(d, media.Version))),
            _ => List(resource.Kind.ListKind, resource.ApiVersion, metadata, documents),
        };
        await Responses.WriteAsync(context, body, yaml: media.Yaml);
    }

    private Task WatchAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        var media = MediaTypes.Negotiate(context.Request) with { Yaml = false };
        var query = QueryOptions.List(context.Request, resource, NamespaceOf(resource, info), info.Name);
        return watches.ServeAsync(context, resource, query, media, stopping);
    }

    private async Task CreateAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        MediaTypes.Negotiate(context.Request);
        if (resource.Kind.Namespaced && info.Namespace.Length == 0) throw Errors.BadRequest("an empty namespace may not be set during creation");
        var problems = new List<string>();
        var options = QueryOptions.Write(context.Request, "create", subresource: null) with { DecodingProblems = problems };
        var document = await RequestBody.ReadObjectAsync(context, resource.Kind.Kind, problems);
        var created = writer.Create(resource, NamespaceOf(resource, info), document, options);
        Warn(context, options.Warnings);
        await SendAsync(context, resource, created, StatusCodes.Status201Created);
    }

    private async Task UpdateAsync(HttpContext context, ServedResource resource, RequestInfo info, string? subresource = null)
    {
        MediaTypes.Negotiate(context.Request);
        var problems = new List<string>();
        var options = QueryOptions.Write(context.Request, "update", subresource) with { DecodingProblems = problems };
        var document = await RequestBody.ReadObjectAsync(context, resource.Kind.Kind, problems);
        var updated = writer.Update(resource, NamespaceOf(resource, info), info.Name, document, options);
        Warn(context, options.Warnings);
        await SendAsync(context, resource, updated);
    }

    private async Task PatchAsync(HttpContext context, ServedResource resource, RequestInfo info, string? subresource = null)
    {
        MediaTypes.Negotiate(context.Request);
        var type = RequestBody.ContentType(context.Request);
        var problems = new List<string>();
        var options = QueryOptions.Write(context.Request, "patch", subresource, type == PatchBody.ApplyType) with { DecodingProblems = problems };
        var patch = PatchBody.Decode(await RequestBody.ReadAsync(context), type, resource, problems);
        var ns = NamespaceOf(resource, info);
        if (patch.Intent is { } intent)
        {
            var (applied, created) = writer.Apply(resource, ns, info.Name, intent, options);
            Warn(context, options.Warnings);
            await SendAsync(context, resource, applied, created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
            return;
        }

        var changed = writer.Change(resource, ns, info.Name, patch.Change!, options);
        Warn(context, options.Warnings);
        await SendAsync(context, resource, changed);
    }

    private async Task DeleteAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        var options = await DeleteBody.ReadAsync(context, "delete");
        await SendAsync(context, resource, deleter.Delete(resource, NamespaceOf(resource, info), info.Name, options));
    }

    private async Task DeleteAllAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        if (resource.Storage == Known.Namespaces) throw Errors.MethodNotAllowed();
        var options = await DeleteBody.ReadAsync(context, "deletecollection");
        var query = QueryOptions.List(context.Request, resource, NamespaceOf(resource, info), "");
        var removed = deleter.DeleteAll(resource, snapshot => snapshot.Of(resource.Storage).Values.Where(query.Selects), options);
        var metadata = new JsonObject { ["resourceVersion"] = removed.Select(r => r.Metadata().Text("resourceVersion")).LastOrDefault() ?? "" };
        await Responses.WriteAsync(context, List(resource.Kind.ListKind, resource.ApiVersion, metadata, removed));
    }

    private static JsonObject RevisionOnly(JsonObject document) => new() { ["resourceVersion"] = document.Metadata().Text("resourceVersion") };

    private static JsonObject List(string kind, string apiVersion, JsonObject metadata, IEnumerable<JsonObject> items) => new()
    {
        ["kind"] = kind,
        ["apiVersion"] = apiVersion,
        ["metadata"] = metadata,
        ["items"] = new JsonArray([.. items]),
    };
}
