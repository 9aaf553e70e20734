using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Discovery;

/// <summary>A document that depends only on which resources are served, with its ETag.</summary>
internal sealed class CachedDocument(byte[] json)
{
    public string Tag { get; } = Convert.ToHexString(SHA256.HashData(json));

    /// <summary>304 when the client has it already.</summary>
    public Task SendAsync(HttpContext context, string contentType)
    {
        var response = context.Response;
        response.Headers.ETag = $"\"{Tag}\"";
        response.Headers.Vary = "Accept";
        if (context.Request.Headers.IfNoneMatch.ToString().Contains(Tag, StringComparison.OrdinalIgnoreCase))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.ContentType = contentType;
        response.ContentLength = json.Length;
        return response.Body.WriteAsync(json, 0, json.Length, context.RequestAborted);
    }
}

/// <summary>Documents by key, rebuilt when the served resources changed. Bounded: one entry a document of one catalogue.</summary>
internal sealed class DocumentCache(ResourceRegistry registry)
{
    private Generation _cache = new(registry.Current);

    public CachedDocument Get(string key, Func<ResourceCatalogue, JsonObject> build)
    {
        var catalogue = registry.Current;
        var cache = Volatile.Read(ref _cache);
        if (!ReferenceEquals(cache.Catalogue, catalogue))
        {
            cache = new Generation(catalogue);
            Volatile.Write(ref _cache, cache);
        }

        return cache.Documents.GetOrAdd(key, _ => new CachedDocument(JsonSerializer.SerializeToUtf8Bytes(build(catalogue), JsonText.Compact)));
    }

    private sealed class Generation(ResourceCatalogue catalogue)
    {
        public ResourceCatalogue Catalogue { get; } = catalogue;

        public ConcurrentDictionary<string, CachedDocument> Documents { get; } = new(StringComparer.Ordinal);
    }
}
