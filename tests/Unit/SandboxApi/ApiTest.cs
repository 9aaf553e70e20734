using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Sandbox.Api;

namespace Ops.SandboxApi.Tests;

/// <summary>A running server of its own for every test, and the vocabulary to talk to it over real HTTP.</summary>
public abstract class ApiTest : IAsyncLifetime
{
    protected const string Pods = "/api/v1/namespaces/default/pods";

    protected const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    protected const string Widgets = "/apis/example.test/v1/namespaces/default/widgets";

    protected const string Crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    protected ApiServer Server { get; set; } = null!;

    protected HttpClient Http { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        Server = await ApiServer.StartAsync(Options(), Cancel);
        Http = ClientFor(Server.AdminToken);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Http.Dispose();
        await Server.DisposeAsync();
    }

    protected virtual ApiServerOptions Options() => new();

    protected HttpClient ClientFor(string? token)
    {
        var client = new HttpClient { BaseAddress = new Uri(Server.Url) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Sends a request and insists on its status code.</summary>
    protected async Task<JsonObject> ExpectAsync(int code, string method, string path, JsonNode? body = null, string type = "application/json", HttpClient? client = null, string? accept = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue(type));
        using var response = await (client ?? Http).SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        ((int)response.StatusCode).ShouldBe(code, $"{method} {path}: {text}");
        return response.Content.Headers.ContentType?.MediaType == "application/json" && text.Length > 0 ? (JsonObject)JsonNode.Parse(text)! : [];
    }

    protected Task<JsonObject> CreateConfigMapAsync(string name, params IEnumerable<(string Key, string Value)> labels) =>
        ExpectAsync(201, "POST", ConfigMaps, ConfigMap(name, labels));

    protected static JsonObject ConfigMap(string name, params IEnumerable<(string Key, string Value)> labels)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (labels.Any()) metadata["labels"] = new JsonObject(labels.Select(l => KeyValuePair.Create<string, JsonNode?>(l.Key, l.Value)));
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = metadata, ["data"] = new JsonObject { ["a"] = "1" } };
    }

    protected static JsonObject Pod(string name, string? node = null)
    {
        var spec = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "example:1" }) };
        if (node is not null) spec["nodeName"] = node;
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec };
    }

    protected static JsonObject Widget(string name, int replicas = 1) => new()
    {
        ["apiVersion"] = "example.test/v1",
        ["kind"] = "Widget",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["replicas"] = replicas },
    };

    protected async Task CreateWidgetKindAsync(string plural = "widgets", string kind = "Widget", string shortName = "wd")
    {
        await ExpectAsync(201, "POST", Crds, JsonNode.Parse(Samples.WidgetCrd(plural, kind, shortName)));
        await EventuallyAsync(async () => (await ExpectAsync(200, "GET", $"{Crds}/{plural}.example.test")).ToJsonString().Contains("\"InitialNamesAccepted\"", StringComparison.Ordinal));
        await EventuallyAsync(async () =>
        {
            using var response = await Http.GetAsync(new Uri($"/apis/example.test/v1/{plural}", UriKind.Relative), Cancel);
            return response.IsSuccessStatusCode;
        });
    }

    /// <summary>Polls until a condition holds. The limit only keeps a broken server from hanging the run.</summary>
    protected static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        for (var tries = 0; tries < 3000; tries++)
        {
            if (await condition()) return;
            await Task.Delay(20, Cancel);
        }

        throw new InvalidOperationException("The condition never came true.");
    }

    protected static string Revision(JsonObject document) => document["metadata"]!["resourceVersion"]!.GetValue<string>();

    protected static IReadOnlyList<string> Names(JsonObject list) => [.. list["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>())];

    /// <summary>Opens a watch.</summary>
    protected async Task<WatchReader> WatchAsync(string path, string query = "", HttpClient? client = null, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{path}?watch=true{(query.Length > 0 ? "&" : "")}{query}");
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        var response = await (client ?? Http).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        ((int)response.StatusCode).ShouldBe(200, await (response.IsSuccessStatusCode ? Task.FromResult("") : response.Content.ReadAsStringAsync(Cancel)));
        return new WatchReader(response, await response.Content.ReadAsStreamAsync(Cancel));
    }

    /// <summary>Reads events of one watch.</summary>
    protected sealed class WatchReader(HttpResponseMessage response, Stream stream) : IDisposable
    {
        private readonly StreamReader _reader = new(stream);

        /// <summary>The next event, or null when the server ended the stream.</summary>
        public async Task<JsonObject?> NextAsync()
        {
            var line = await _reader.ReadLineAsync(Cancel);
            return line is null ? null : (JsonObject)JsonNode.Parse(line)!;
        }

        /// <summary>The next event as "TYPE name".</summary>
        public async Task<string> NextNameAsync()
        {
            var change = await NextAsync();
            return change is null ? "end" : $"{change["type"]} {change["object"]!["metadata"]?["name"]}";
        }

        public void Dispose()
        {
            _reader.Dispose();
            response.Dispose();
        }
    }
}
