using Microsoft.AspNetCore.Http;

namespace Ops.Sandbox.Api.Http;

/// <summary>
/// A request in the terms of authorization: verb, group, resource, namespace, name.
/// <c>GET /apis/apps/v1/namespaces/default/deployments/web/status</c> is get of deployments/status "web" in "default".
/// </summary>
internal sealed record RequestInfo
{
    public static readonly RequestInfo None = new() { Path = "/", Verb = "get" };

    public required string Path { get; init; }

    /// <summary>get, list, watch, create, update, patch, delete, deletecollection; lower-case method for other paths.</summary>
    public required string Verb { get; init; }

    public bool IsResource { get; init; }

    public string Group { get; init; } = "";

    public string Version { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Resource { get; init; } = "";

    public string Name { get; init; } = "";

    public string Subresource { get; init; } = "";

    /// <summary>Path segments after the subresource, for proxies.</summary>
    public string Rest { get; init; } = "";

    public static RequestInfo Parse(HttpRequest request)
    {
        var path = request.Path.Value ?? "/";
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        var method = request.Method.ToLowerInvariant();
        var plain = new RequestInfo { Path = path, Verb = method };
        var isCore = parts.Length > 2 && parts[0] == "api";
        var isGroup = parts.Length > 3 && parts[0] == "apis";
        if (!isCore && !isGroup) return plain;
        var group = isGroup ? parts[1] : "";
        var version = isGroup ? parts[2] : parts[1];
        var rest = parts.AsSpan(isGroup ? 3 : 2);
        return ParseResource(plain with { IsResource = true, Group = group, Version = version }, rest, request);
    }

    private static RequestInfo ParseResource(RequestInfo info, ReadOnlySpan<string> rest, HttpRequest request)
    {
        // /namespaces/{ns}/{resource}... is namespaced, but /namespaces/{ns}/{status|finalize} is the namespace itself.
        if (rest.Length >= 3 && rest[0] == "namespaces" && !(rest.Length == 3 && info.Group.Length == 0 && rest[2] is "status" or "finalize"))
        {
            info = info with { Namespace = rest[1] };
            rest = rest[2..];
        }
        else if (rest.Length >= 2 && rest[0] == "namespaces" && info.Group.Length == 0)
        {
            // Authorization of a namespace happens inside that namespace, as kube-apiserver does it.
            info = info with { Namespace = rest[1] };
        }

        info = info with
        {
            Resource = rest[0],
            Name = rest.Length > 1 ? rest[1] : "",
            Subresource = rest.Length > 2 ? rest[2] : "",
            Rest = rest.Length > 3 ? string.Join('/', rest[3..]!) : "",
        };
        return info with { Verb = VerbOf(request, info.Name.Length > 0) };
    }

    private static string VerbOf(HttpRequest request, bool named)
    {
        var watch = request.Query["watch"].ToString() is "true" or "1";
        return request.Method switch
        {
            "GET" or "HEAD" => watch ? "watch" : named ? "get" : "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => named ? "delete" : "deletecollection",
            _ => request.Method.ToLowerInvariant(),
        };
    }
}
