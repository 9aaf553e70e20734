using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Ops.Cli.Kustomize;

namespace Ops.Cli.Up;

/// <summary>The few requests of <c>./ops up</c> to the API server, over HTTP as any client would send them.</summary>
internal sealed class ClusterClient : IDisposable
{
    // Named in metadata.managedFields: objects applied here and later with kubectl show who set what.
    private const string FieldManager = "ops-up";

    private readonly HttpClient http;
    private readonly Dictionary<string, Dictionary<string, ResourceName>> discovered = new(StringComparer.Ordinal);

    public ClusterClient(string url, string token)
    {
        http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    /// <summary>A client of a running <c>./ops up</c> with its administrator's rights.</summary>
    /// <exception cref="UserError">Its kubeconfig holds no token.</exception>
    public static ClusterClient Of(RunningInstance running) =>
        YamlFile.Read(running.Kubeconfig, running.Kubeconfig) is [JsonObject config] && (string?)config["users"]?[0]?["user"]?["token"] is { } token
            ? new(running.ApiUrl, token)
            : throw new UserError($"{running.Kubeconfig} holds no token.");

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <summary>
    /// Server-side apply of one object without force: what someone has changed since the last start is theirs, and stays.
    /// </summary>
    /// <returns>The fields that someone else has set otherwise, for which the object was left as it is; none when it was applied.</returns>
    /// <exception cref="UserError">The server refuses it; the message is the server's own.</exception>
    public async Task<IReadOnlyList<string>> ApplyAsync(Manifest manifest, CancellationToken cancellation)
    {
        var path = $"{await PathOfAsync(manifest, cancellation)}/{manifest.Name}?fieldManager={FieldManager}&fieldValidation=Strict&force=false";
        using var content = new StringContent(manifest.Body.ToJsonString(), Encoding.UTF8, "application/apply-patch+yaml");
        using var response = await http.PatchAsync(path, content, cancellation);
        var body = await ReadAsync(response, cancellation);
        if (response.StatusCode == HttpStatusCode.Conflict && ConflictingFields(body) is { Count: > 0 } theirs)
            return theirs;
        return response.IsSuccessStatusCode
            ? []
            : throw new UserError($"{manifest.Source}: the API server refuses {manifest}: {(string?)body["message"] ?? response.StatusCode.ToString()}");
    }

    /// <summary>One object by its path; null when it does not exist.</summary>
    public async Task<JsonObject?> GetAsync(string path, CancellationToken cancellation)
    {
        using var response = await http.GetAsync(path, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        var body = await ReadAsync(response, cancellation);
        return response.IsSuccessStatusCode ? body : throw new UserError($"GET {path}: {(string?)body["message"]}");
    }

    /// <summary>The items of a list; none when the kind does not exist.</summary>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(string path, CancellationToken cancellation) =>
        [.. ((await GetAsync(path, cancellation))?["items"] as JsonArray ?? []).OfType<JsonObject>()];

    /// <summary>Creates an object; the answer is the stored one.</summary>
    public async Task<JsonObject> CreateAsync(string collection, JsonObject body, CancellationToken cancellation)
    {
        using var response = await http.PostAsJsonAsync(collection, body, cancellation);
        var answer = await ReadAsync(response, cancellation);
        return response.IsSuccessStatusCode ? answer : throw new UserError($"POST {collection}: {(string?)answer["message"]}");
    }

    /// <summary>Merges a change into an object.</summary>
    /// <exception cref="UserError">The server refuses it; the message is the server's own.</exception>
    public async Task MergeAsync(string path, JsonObject change, CancellationToken cancellation)
    {
        using var content = new StringContent(change.ToJsonString(), Encoding.UTF8, "application/merge-patch+json");
        using var response = await http.PatchAsync(path + "?fieldValidation=Strict", content, cancellation);
        var answer = await ReadAsync(response, cancellation);
        if (!response.IsSuccessStatusCode)
            throw new UserError($"PATCH {path}: {(string?)answer["message"]}");
    }

    /// <summary>The last lines of a container's log, or why there are none.</summary>
    public async Task<string> LogTailAsync(string space, string pod, int lines, CancellationToken cancellation)
    {
        using var response = await http.GetAsync($"/api/v1/namespaces/{space}/pods/{pod}/log?tailLines={lines}", cancellation);
        return response.IsSuccessStatusCode ? (await response.Content.ReadAsStringAsync(cancellation)).TrimEnd() : "";
    }

    private static List<string> ConflictingFields(JsonObject status) =>
        [.. (status["details"]?["causes"] as JsonArray ?? []).OfType<JsonObject>()
            .Where(cause => (string?)cause["reason"] == "FieldManagerConflict")
            .Select(cause => (string?)cause["field"] ?? "").Distinct()];

    private async Task<string> PathOfAsync(Manifest manifest, CancellationToken cancellation)
    {
        if (!discovered.TryGetValue(manifest.ApiVersion, out var kinds))
            discovered[manifest.ApiVersion] = kinds = await DiscoverAsync(manifest, cancellation);
        if (!kinds.TryGetValue(manifest.Kind, out var name))
        {
            discovered.Remove(manifest.ApiVersion);
            throw new UserError($"{manifest.Source}: the API server has no kind {manifest.Kind} in {manifest.ApiVersion}.");
        }

        var space = name.Namespaced ? $"/namespaces/{manifest.Namespace ?? "default"}" : "";
        return $"{Root(manifest.ApiVersion)}{space}/{name.Plural}";
    }

    private async Task<Dictionary<string, ResourceName>> DiscoverAsync(Manifest manifest, CancellationToken cancellation)
    {
        var list = await GetAsync(Root(manifest.ApiVersion), cancellation)
            ?? throw new UserError($"{manifest.Source}: the API server does not serve {manifest.ApiVersion}.");
        // Subresources ("deployments/scale") stand in the same list under a kind of their own.
        return (list["resources"] as JsonArray ?? []).OfType<JsonObject>()
            .Where(resource => !((string?)resource["name"] ?? "").Contains('/', StringComparison.Ordinal))
            .ToDictionary(
                resource => (string?)resource["kind"] ?? "",
                resource => new ResourceName((string?)resource["name"] ?? "", (bool?)resource["namespaced"] ?? false));
    }

    private static string Root(string apiVersion) =>
        apiVersion.Contains('/', StringComparison.Ordinal) ? $"/apis/{apiVersion}" : $"/api/{apiVersion}";

    private static async Task<JsonObject> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var text = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? [];
        }
        catch (System.Text.Json.JsonException)
        {
            return new JsonObject { ["message"] = text };
        }
    }

    private sealed record ResourceName(string Plural, bool Namespaced);
}
