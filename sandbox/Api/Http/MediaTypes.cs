using Microsoft.AspNetCore.Http;

namespace Ops.Sandbox.Api.Http;

internal enum Form
{
    Object,
    Table,
    PartialMetadata,
}

/// <summary>The answer's encoding and form, negotiated from Accept.</summary>
/// <param name="Yaml">YAML instead of JSON.</param>
/// <param name="Form">The object itself, a Table, or metadata only.</param>
/// <param name="Version">Version of meta.k8s.io for the last two.</param>
internal readonly record struct MediaType(bool Yaml, Form Form, string Version)
{
    public static readonly MediaType Json = new(Yaml: false, Form.Object, "v1");
}

/// <summary>
/// Accept, entry by entry in the client's order:
/// <c>application/json;as=Table;v=v1;g=meta.k8s.io,application/json</c>. The first that can be served wins.
/// </summary>
internal static class MediaTypes
{
    public static MediaType Negotiate(HttpRequest request)
    {
        var accept = request.Headers.Accept.ToString();
        if (string.IsNullOrWhiteSpace(accept)) return MediaType.Json;
        foreach (var entry in accept.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (TryServe(entry) is { } media) return media;
        }

        throw Errors.NotAcceptable();
    }

    /// <summary>Parameters of one Accept entry, lower-case names.</summary>
    public static (string Type, Dictionary<string, string> Parameters) Split(string entry)
    {
        var parts = entry.Split(';', StringSplitOptions.TrimEntries);
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts.Skip(1))
        {
            var equals = part.IndexOf('=');
            if (equals > 0) parameters[part[..equals].ToLowerInvariant()] = part[(equals + 1)..].Trim('"');
        }

        return (parts[0].ToLowerInvariant(), parameters);
    }

    private static MediaType? TryServe(string entry)
    {
        var (type, parameters) = Split(entry);
        bool yaml;
        switch (type)
        {
            case "application/json" or "application/*" or "*/*":
                yaml = false;
                break;
            case "application/yaml":
                yaml = true;
                break;
            default:
                return null;
        }

        if (!parameters.TryGetValue("as", out var form)) return new MediaType(yaml, Form.Object, "v1");
        if (parameters.GetValueOrDefault("g") != "meta.k8s.io" || parameters.GetValueOrDefault("v") is not ("v1" or "v1beta1")) return null;
        return form switch
        {
            "Table" => new MediaType(yaml, Form.Table, parameters["v"]),
            "PartialObjectMetadata" or "PartialObjectMetadataList" => new MediaType(yaml, Form.PartialMetadata, parameters["v"]),
            _ => null,
        };
    }
}
