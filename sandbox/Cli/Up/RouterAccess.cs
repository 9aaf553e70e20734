using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ops.Cli.Kustomize;

namespace Ops.Cli.Up;

/// <summary>The router as a client sees it: its address, a key, and whether it answers for the routes.</summary>
internal static class RouterAccess
{
    private const string SecretName = "router-keys";
    private const string KeyId = "local";

    /// <summary>The first NodePort of the Service named router; null when the manifests have none.</summary>
    public static int? Port(IEnumerable<Manifest> manifests) => manifests
        .Where(manifest => manifest.Kind == "Service" && manifest.Name == "router")
        .SelectMany(NodePorts).Select(port => (int?)port).FirstOrDefault();

    /// <summary>Puts another node port into the router's Service; used only where the user asks for one.</summary>
    public static void UsePort(IEnumerable<Manifest> manifests, int port)
    {
        foreach (var entry in manifests.Where(manifest => manifest.Kind == "Service" && manifest.Name == "router")
                     .SelectMany(manifest => manifest.Body["spec"]?["ports"] as JsonArray ?? []).OfType<JsonObject>().Take(1))
            entry["nodePort"] = port;
    }

    /// <summary>Every fixed NodePort of a Service; they must be free on this machine.</summary>
    public static IEnumerable<int> NodePorts(Manifest manifest) => manifest.Kind != "Service" ? [] :
        (manifest.Body["spec"]?["ports"] as JsonArray ?? []).OfType<JsonObject>().Select(port => (int?)port["nodePort"]).OfType<int>();

    /// <summary>A key from Secret router-keys in the router's namespace; a random one is made when there is none.</summary>
    public static async Task<string> KeyAsync(ClusterClient cluster, string space, CancellationToken cancellation)
    {
        var collection = $"/api/v1/namespaces/{space}/secrets";
        if (await cluster.GetAsync($"{collection}/{SecretName}", cancellation) is { } existing
            && (existing["data"] as JsonObject ?? []).Select(entry => (string?)entry.Value).FirstOrDefault() is { } encoded)
            return Encoding.UTF8.GetString(Convert.FromBase64String(encoded));

        // 24 random bytes: 192 bits, more than anyone guesses.
        var key = "ops-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        await cluster.CreateAsync(collection, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject
            {
                ["name"] = SecretName,
                ["labels"] = new JsonObject { ["ops.autonomic.dev/api-keys"] = "true" },
            },
            ["type"] = "Opaque",
            ["stringData"] = new JsonObject { [KeyId] = key },
        }, cancellation);
        return key;
    }

    /// <summary>Asks one question through the router, that is from the client to a GPU and back.</summary>
    /// <returns>Null when it was answered, otherwise why not.</returns>
    public static async Task<string?> AskAsync(HttpClient router, string key, string model, CancellationToken cancellation)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["max_tokens"] = 1,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "ping" }),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions");
        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        try
        {
            using var response = await router.SendAsync(request, cancellation);
            return response.IsSuccessStatusCode ? null : $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellation)}".Trim();
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return error.Message;
        }
    }
}
