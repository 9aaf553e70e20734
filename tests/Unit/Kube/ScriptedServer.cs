using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ops.Kube.Tests;

/// <summary>A request as it arrived.</summary>
internal sealed record Received(string Method, string Path, string Query, string? Authorization, string? ContentType, string Body);

/// <summary>
/// Answers what a test says, for the answers that no real server gives on demand. Everything else is tested against the
/// sandbox and a real kube-apiserver in the scenario tests.
/// </summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Func<Received, HttpContext, Task> answer;

    private ScriptedServer(Func<Received, HttpContext, Task> answer)
    {
        this.answer = answer;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(HandleAsync);
    }

    public ConcurrentQueue<Received> Requests { get; } = new();

    public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<ScriptedServer> StartAsync(Func<Received, HttpContext, Task> answer)
    {
        var server = new ScriptedServer(answer);
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public KubeClient Client(KubeClientOptions? options = null) =>
        new(new KubernetesClientConfiguration { Host = Url, AccessToken = "t" }, options);

    public static async Task JsonAsync(HttpContext context, string body, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    }

    public static async Task GzipAsync(HttpContext context, string body)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.ContentEncoding = "gzip";
        await using var zip = new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await zip.WriteAsync(Encoding.UTF8.GetBytes(body));
    }

    public static Task StatusAsync(HttpContext context, int code, string reason, string message) =>
        JsonAsync(context, $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{code}}}""", code);

    /// <summary>Writes to an open stream at once.</summary>
    public static async Task SendAsync(HttpContext context, string text)
    {
        await context.Response.WriteAsync(text, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    /// <summary>Waits until the client goes away.</summary>
    public static async Task SilenceAsync(HttpContext context)
    {
        await context.Response.Body.FlushAsync(context.RequestAborted);
        try
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // It did.
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var received = new Received(
            context.Request.Method,
            context.Request.Path,
            Uri.UnescapeDataString(context.Request.QueryString.Value ?? ""),
            context.Request.Headers.Authorization,
            context.Request.ContentType,
            await reader.ReadToEndAsync(context.RequestAborted));
        Requests.Enqueue(received);
        await answer(received, context);
    }
}
