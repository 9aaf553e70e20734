using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Ops.Router.Tests;

/// <summary>A real HTTP server that plays an engine. What it does with a request is the test's.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _active;
    private int _healthQuestions;

    private Upstream(string name, UpstreamProtocol protocol, WebApplication app)
    {
        Name = name;
        Protocol = protocol;
        _app = app;
    }

    internal string Name { get; }

    internal ReplicaAddress Address => new(Name, _app.Urls.Single(), Protocol, Protocol == UpstreamProtocol.Https ? TlsName : null);

    /// <summary>The name in its certificate, that of a pool's Service.</summary>
    internal const string TlsName = "large.default.svc";

    internal UpstreamProtocol Protocol { get; private init; }

    /// <summary>The newest request's protocol, for example HTTP/2.</summary>
    internal string? Spoken { get; private set; }

    internal Func<HttpContext, Task> OnRequest { get; set; } = context => AnswerAsync(context, "hello");

    /// <summary>What GET /metrics answers; null answers 404.</summary>
    internal string? Metrics { get; set; }

    /// <summary>Bodies received, oldest first.</summary>
    internal ConcurrentQueue<(byte[] Body, IHeaderDictionary Headers)> Received { get; } = new();

    /// <summary>Paths that requests came at, oldest first.</summary>
    internal ConcurrentQueue<string> Paths { get; } = new();

    /// <summary>How often GET /health was asked.</summary>
    internal int HealthQuestions => Volatile.Read(ref _healthQuestions);

    /// <summary>Requests being served now.</summary>
    internal int Active => Volatile.Read(ref _active);

    internal static async Task<Upstream> StartAsync(string name = "replica-0", Func<HttpContext, Task>? onRequest = null, UpstreamProtocol protocol = UpstreamProtocol.Http1, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().UseUrls($"{protocol.Scheme()}://127.0.0.1:0").ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            if (protocol == UpstreamProtocol.H2c)
                kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate);
        });
        var app = builder.Build();
        var upstream = new Upstream(name, protocol, app);
        if (onRequest is not null)
            upstream.OnRequest = onRequest;
        app.Run(upstream.HandleAsync);
        await app.StartAsync();
        return upstream;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    /// <summary>Answers like an engine that does not stream.</summary>
    internal static async Task AnswerAsync(HttpContext context, string text, int completionTokens = 7)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture,
            $$$"""{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"{{{text}}}"}}],"usage":{"prompt_tokens":3,"completion_tokens":{{{completionTokens}}},"total_tokens":{{{completionTokens + 3}}}}}"""));
    }

    internal static async Task BeginStreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        await context.Response.Body.FlushAsync();
    }

    internal static Task SendEventAsync(HttpContext context, string data) => SendAsync(context, $"data: {data}\n\n");

    internal static async Task SendAsync(HttpContext context, string text)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    internal static string Chunk(string content) => $$$"""{"choices":[{"index":0,"delta":{"content":"{{{content}}}"}}]}""";

    /// <summary>Streams the words as an engine does and says [DONE].</summary>
    internal static async Task StreamAsync(HttpContext context, params string[] words)
    {
        await BeginStreamAsync(context);
        foreach (var word in words)
            await SendEventAsync(context, Chunk(word));
        await SendEventAsync(context, "[DONE]");
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path == "/health")
        {
            Interlocked.Increment(ref _healthQuestions);
            return;
        }

        if (context.Request.Path == "/metrics")
        {
            context.Response.StatusCode = Metrics is null ? (int)HttpStatusCode.NotFound : 200;
            await context.Response.WriteAsync(Metrics ?? "");
            return;
        }

        Interlocked.Increment(ref _active);
        try
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Spoken = context.Request.Protocol;
            Paths.Enqueue(context.Request.Path.Value!);
            Received.Enqueue((body.ToArray(), new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase))));
            await OnRequest(context);
        }
        catch (OperationCanceledException)
        {
            // The router gave the request up.
        }
        finally
        {
            Interlocked.Decrement(ref _active);
        }
    }
}
