using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Ops.Router.Tests;

/// <summary>The router itself, whole, on a port of its own, with a configuration that the test writes.</summary>
internal sealed class RouterHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly MemoryStream _accessLog;

    private RouterHost(WebApplication app, TableSource source, MemoryStream accessLog, string key = TableSource.Key)
    {
        _app = app;
        _accessLog = accessLog;
        Source = source;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(60) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    internal HttpClient Client { get; }

    internal TableSource Source { get; }

    internal WebApplication App => _app;

    internal ModelFleet Fleet => _app.Services.GetRequiredService<ModelFleet>();

    internal string AccessLog => Encoding.UTF8.GetString(_accessLog.ToArray());

    internal static async Task<RouterHost> StartAsync(RouteConfig[] routes, params string[] args)
    {
        var source = new TableSource();
        source.Set(routes);
        var log = new MemoryStream();
        var app = RouterApp.Build(["--urls", "http://127.0.0.1:0", "--Router:DrainDelay=00:00:00", .. args], s => s.AddSingleton<IRoutingTableSource>(source), log);
        await app.StartAsync();
        return new RouterHost(app, source, log);
    }

    /// <summary>Starts the router with a source of configuration that the test registers.</summary>
    internal static async Task<RouterHost> StartAsync(Action<IServiceCollection> addSource, string key)
    {
        var log = new MemoryStream();
        var app = RouterApp.Build(["--urls", "http://127.0.0.1:0", "--Router:DrainDelay=00:00:00"], addSource, log);
        await app.StartAsync();
        return new RouterHost(app, new TableSource(), log, key);
    }

    internal static Task<RouterHost> StartAsync(RouteConfig route, params string[] args) => StartAsync([route], args);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    internal Task<HttpResponseMessage> ChatAsync(string body = """{"model":"chat","messages":[{"role":"user","content":"Hello"}]}""", bool readAll = true) =>
        PostAsync("/v1/chat/completions", body, readAll);

    internal Task<HttpResponseMessage> StreamAsync() =>
        ChatAsync("""{"model":"chat","stream":true,"messages":[{"role":"user","content":"Hello"}]}""", readAll: false);

    internal async Task<HttpResponseMessage> PostAsync(string path, string body, bool readAll = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await Client.SendAsync(request, readAll ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead);
    }

    internal async Task<string> MetricsAsync() => await Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));

    /// <summary>The value of a series written as in the text format, for example name{a="b"}; 0 when absent.</summary>
    internal async Task<double> MetricAsync(string series)
    {
        var line = (await MetricsAsync()).Split('\n').FirstOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(series.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Nothing of any request is left: no request at a replica, no bytes in a buffer, no gauge above zero.</summary>
    internal async Task ExpectNothingLeftAsync()
    {
        await Eventually.TrueAsync(() => Fleet.Replicas.Values.All(r => r.Replica.Load.InFlight == 0), "replicas have requests in flight");
        await Eventually.TrueAsync(() => _app.Services.GetRequiredService<BodyBudget>().Used == 0, "bodies are still held");
        await Eventually.TrueAsync(async () => !(await MetricsAsync()).Contains("ops_router_held_requests{", StringComparison.Ordinal), "requests are still held");
        var gauges = (await MetricsAsync()).Split('\n').Where(l => l.StartsWith("ops_router_inflight{", StringComparison.Ordinal)).ToList();
        gauges.ShouldNotBeEmpty();
        gauges.ShouldAllBe(l => l.EndsWith(" 0"));
    }

    internal static async Task<JsonNode> ExpectErrorAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(status, text);
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/json");
        var error = JsonNode.Parse(text)!["error"]!;
        error["code"]!.GetValue<string>().ShouldBe(code);
        error["message"]!.GetValue<string>().ShouldNotBeNullOrWhiteSpace();
        error["type"]!.GetValue<string>().ShouldNotBeNullOrWhiteSpace();
        error.AsObject().ContainsKey("param").ShouldBeTrue();
        return error;
    }
}

/// <summary>Waits for something that other threads bring about. The limit only ends a test that would hang.</summary>
internal static class Eventually
{
    internal static async Task TrueAsync(Func<bool> condition, string otherwise) => await TrueAsync(() => Task.FromResult(condition()), otherwise);

    internal static async Task TrueAsync(Func<Task<bool>> condition, string otherwise)
    {
        for (var attempt = 0; attempt < 1_000; attempt++)
        {
            if (await condition())
                return;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"After 20 s {otherwise}.");
    }
}
