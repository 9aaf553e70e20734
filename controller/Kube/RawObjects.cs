using System.Net;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>A kind on the wire.</summary>
/// <param name="ApiVersion">group/version, or v1.</param>
/// <param name="Kind">For example Service.</param>
/// <param name="Plural">Its name in URLs.</param>
/// <param name="IsClusterScoped">Whether its objects are in no namespace; a namespace that is given is left out then.</param>
public sealed record RawKind(string ApiVersion, string Kind, string Plural, bool IsClusterScoped = false)
{
    internal string Path(string? ns, string? name)
    {
        var root = ApiVersion.Contains('/', StringComparison.Ordinal) ? $"apis/{ApiVersion}" : $"api/{ApiVersion}";
        var collection = IsClusterScoped || string.IsNullOrEmpty(ns) ? $"{root}/{Plural}" : $"{root}/namespaces/{Uri.EscapeDataString(ns)}/{Plural}";
        return name is null ? collection : $"{collection}/{Uri.EscapeDataString(name)}";
    }
}

/// <summary>
/// Single objects as JSON, so that a field that this program's models do not know survives a write. Every write can be a
/// dry run: the server does all but store it, admission included, and answers what it would have stored.
/// </summary>
public sealed class RawObjects(KubeClient client, string fieldManager)
{
    /// <summary>Reads an object; null if it does not exist.</summary>
    public async Task<JsonObject?> GetAsync(RawKind kind, string? ns, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(HttpMethod.Get, kind.Path(ns, name), null, cancellationToken);
        }
        catch (KubeApiException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Creates an object.</summary>
    public Task<JsonObject> CreateAsync(RawKind kind, string? ns, JsonObject obj, bool dryRun, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, kind.Path(ns, null) + Query(dryRun), obj, cancellationToken);

    /// <summary>Replaces an object; its metadata.resourceVersion is the precondition, and a lost race is a 409.</summary>
    public Task<JsonObject> ReplaceAsync(RawKind kind, string? ns, JsonObject obj, bool dryRun, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, kind.Path(ns, (string)obj["metadata"]!["name"]!) + Query(dryRun), obj, cancellationToken);

    /// <summary>Deletes the object with this uid and no other of its name; false if it is gone.</summary>
    public async Task<bool> DeleteAsync(RawKind kind, string? ns, string name, string uid, bool dryRun, CancellationToken cancellationToken)
    {
        var options = new V1DeleteOptions { ApiVersion = "v1", Kind = "DeleteOptions", PropagationPolicy = "Background", Preconditions = new() { Uid = uid } };
        try
        {
            await SendAsync(HttpMethod.Delete, kind.Path(ns, name) + Query(dryRun), JsonNode.Parse(KubernetesJson.Serialize(options))!.AsObject(), cancellationToken);
            return true;
        }
        catch (KubeApiException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Names of the API groups that the server serves, without the core group, which has no name.</summary>
    public async Task<IReadOnlyList<string>> GroupsAsync(CancellationToken cancellationToken) =>
        [.. ((await SendAsync(HttpMethod.Get, "apis", null, cancellationToken))["groups"] as JsonArray ?? []).Select(group => (string)group!["name"]!)];

    private string Query(bool dryRun) => $"?fieldManager={fieldManager}{(dryRun ? "&dryRun=All" : "")}";

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        var (answer, _) = await client.SendForBytesAsync(method, path, body is null ? null : KubeClient.Json(body.ToJsonString()), cancellationToken);
        return JsonNode.Parse(answer) as JsonObject ?? throw new System.Text.Json.JsonException($"{method} /{path}: the server answered no object.");
    }
}
