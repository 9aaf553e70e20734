using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Contract.Tests;

/// <summary>One answer of a server.</summary>
public sealed record Reply(int Code, string Text, string ContentType, IReadOnlyList<string> Warnings, string? ETag)
{
    private readonly Lazy<JsonNode?> _json = new(() => JsonNode.Parse(Text));

    /// <summary>The body as JSON; throws where it is none.</summary>
    public JsonNode? Json => _json.Value;

    /// <summary>The value at a dotted path such as <c>metadata.name</c> or <c>items.0.spec</c>.</summary>
    public JsonNode? At(string path) => path.Split('.').Aggregate(Json, (node, step) =>
        node is JsonArray array ? (int.Parse(step) < array.Count ? array[int.Parse(step)] : null) : node is JsonObject ? node[step] : null);

    /// <summary>The value as text; null where there is none.</summary>
    public string? TextAt(string path) => At(path)?.ToString();

    public IReadOnlyList<JsonNode> Causes => At("details.causes") is JsonArray causes ? [.. causes.OfType<JsonNode>()] : [];

    public IReadOnlyList<JsonNode> Items => At("items") is JsonArray items ? [.. items.OfType<JsonNode>()] : [];

    /// <summary>Fails with the whole answer where the code is another.</summary>
    public Reply Expect(int code) => Code == code ? this : throw new ShouldAssertException($"expected {code} but was {Code}: {Text}");

    /// <summary>Expects a Status of a reason.</summary>
    public Reply Expect(int code, string reason)
    {
        Expect(code);
        if (TextAt("kind") != "Status" || TextAt("reason") != reason)
            throw new ShouldAssertException($"expected a Status {reason} but was: {Text}");
        return this;
    }

    /// <summary>Expects a cause at a field whose reason is given, and whose message contains a text.</summary>
    public Reply ExpectCause(string field, string reason, string message)
    {
        if (!Causes.Any(c => c["field"]?.ToString() == field && c["reason"]?.ToString() == reason && c["message"]!.ToString().Contains(message)))
            throw new ShouldAssertException($"expected a cause {reason} at {field} with \"{message}\": {Text}");
        return this;
    }
}

/// <summary>Raw HTTP to a server, as one user.</summary>
public sealed class Api(IServer server, string? token = null)
{
    public const string Merge = "application/merge-patch+json";
    public const string JsonPatch = "application/json-patch+json";
    public const string Strategic = "application/strategic-merge-patch+json";
    public const string Apply = "application/apply-patch+yaml";

    public const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

    public const string Discovery =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

    // Both servers make their certificates up at their start; they listen on the loopback address only.
#pragma warning disable CA5359
    private static readonly HttpClient Client = new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        AllowAutoRedirect = false,
    })
    { Timeout = TimeSpan.FromSeconds(60) };
#pragma warning restore CA5359

    public IServer Server => server;

    public Task<Reply> Get(string path, string accept = "application/json") => Send(HttpMethod.Get, path, null, accept: accept);

    public Task<Reply> Post(string path, string body, string? type = "application/json") => Send(HttpMethod.Post, path, body, type);

    public Task<Reply> Put(string path, string body) => Send(HttpMethod.Put, path, body, "application/json");

    public Task<Reply> Patch(string path, string body, string type = Merge) => Send(HttpMethod.Patch, path, body, type);

    public Task<Reply> Delete(string path, string? body = null) => Send(HttpMethod.Delete, path, body, body is null ? null : "application/json");

    public async Task<Reply> Send(HttpMethod method, string path, string? body, string? type = null, string? accept = null, string? ifNoneMatch = null)
    {
        using var request = Request(method, path, accept);
        if (ifNoneMatch is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (type is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var warnings = response.Headers.TryGetValues("Warning", out var values) ? values.ToArray() : [];
        // Read before the content, which would have it parsed and written anew.
        var contentType = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var raw) ? raw.ToString() : "";
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Reply((int)response.StatusCode, text, contentType, warnings, response.Headers.ETag?.ToString());
    }

    /// <summary>Opens a watch. Dispose it to hang up.</summary>
    public async Task<Watch> Watch(string path, string accept = "application/json")
    {
        var request = Request(HttpMethod.Get, path, accept);
        var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return new Watch(response, new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string? accept)
    {
        var request = new HttpRequestMessage(method, new Uri(server.Url, path));
        if ((token ?? server.AdminToken) is { Length: > 0 } bearer)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        request.Headers.TryAddWithoutValidation("Accept", accept ?? "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "curl/8.0");
        return request;
    }
}

/// <summary>An open watch.</summary>
public sealed class Watch(HttpResponseMessage response, StreamReader lines) : IDisposable
{
    public int Code => (int)response.StatusCode;

    /// <summary>The next event that is no bookmark; throws when none comes within 20 s or the stream ends.</summary>
    public async Task<JsonNode> Next() =>
        await NextOrEnd(skipBookmarks: true, TimeSpan.FromSeconds(20)) ?? throw new ShouldAssertException("the watch ended");

    /// <summary>The next event, bookmarks included; null at the end of the stream.</summary>
    public async Task<JsonNode?> NextOrEnd(bool skipBookmarks, TimeSpan patience)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(patience);
        while (await lines.ReadLineAsync(limit.Token) is { } line)
            if (JsonNode.Parse(line) is { } change && !(skipBookmarks && change["type"]!.ToString() == "BOOKMARK"))
                return change;
        return null;
    }

    /// <summary>The next event as <c>TYPE name</c>.</summary>
    public async Task<string> NextName()
    {
        var change = await Next();
        return $"{change["type"]} {change["object"]!["metadata"]!["name"]}";
    }

    public void Dispose()
    {
        lines.Dispose();
        response.Dispose();
    }
}
