using System.Collections.Concurrent;
using System.Net;
using System.Text;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ops.KubeFuzz.Tests;

/// <summary>A reverse proxy that injects faults. Each run has its own line, addressed by the first segment of the path.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, FaultLine> lines = new();
    private readonly Uri server;
    private readonly Kubernetes upstream;
    private readonly WebApplication app;

    private FaultProxy(Uri server)
    {
        this.server = server;
        // The library's client knows how to speak to test servers with certificates of their own.
        upstream = new Kubernetes(new KubernetesClientConfiguration { Host = server.ToString(), SkipTlsVerify = true });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(HandleAsync);
    }

    private string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<FaultProxy> StartAsync(Uri server, CancellationToken cancellationToken)
    {
        var proxy = new FaultProxy(server);
        await proxy.app.StartAsync(cancellationToken);
        return proxy;
    }

    /// <summary>The address of a new line.</summary>
    public string Add(string name, FaultLine line)
    {
        lines[name] = line;
        return $"{Url}/{name}/";
    }

    public void Remove(string name) => lines.TryRemove(name, out _);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        upstream.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value![1..];
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !lines.TryGetValue(path[..slash], out var line) || line.Closed)
        {
            context.Abort();
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, line.Connections);
        try
        {
            var target = path[slash..] + context.Request.QueryString.Value;
            if (context.Request.Query["watch"] == "true")
                await WatchAsync(context, line, target, either.Token);
            else
                await ForwardAsync(context, line, target, either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            context.Abort();
        }
    }

    private async Task ForwardAsync(HttpContext context, FaultLine line, string target, CancellationToken cancellationToken)
    {
        var write = context.Request.Method != "GET";
        if (write)
            line.CountWrite();
        else
            line.Settle(context.Request.Path);
        var fault = line.DrawForRequest(write, context.Request.Query.ContainsKey("continue"));
        if (fault is { } injected)
            line.Tally.Add(injected);
        switch (fault)
        {
            case Fault.RequestDropped:
                context.Abort();
                return;
            case Fault.RequestStalled:
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return;
            case Fault.Status409 or Fault.Status410 or Fault.Status429 or Fault.Status500:
                await RefuseAsync(context, fault.Value, cancellationToken);
                return;
        }

        using var response = await SendAsync(context, target, cancellationToken);
        if (fault == Fault.AnswerDropped)
        {
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            context.Abort();
            return;
        }

        await CopyAsync(context, response, cancellationToken);
    }

    private async Task WatchAsync(HttpContext context, FaultLine line, string target, CancellationToken cancellationToken)
    {
        var (fault, afterLines) = line.DrawForWatch();
        if (fault is Fault.RequestDropped or Fault.Status410 or Fault.Status500)
        {
            line.Tally.Add(fault.Value);
            if (fault == Fault.RequestDropped)
                context.Abort();
            else
                await RefuseAsync(context, fault.Value, cancellationToken);
            return;
        }

        using var response = await SendAsync(context, target, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            await CopyAsync(context, response, cancellationToken);
            return;
        }

        context.Response.ContentType = "application/json";
        context.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
        await context.Response.StartAsync(cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await new WatchFaults(context, line, context.Request.Path, stream).PumpAsync(fault, afterLines, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpContext context, string target, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(server, target));
        if (context.Request.ContentLength > 0)
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, cancellationToken);
            request.Content = new ByteArrayContent(body.ToArray());
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        foreach (var name in (string[])["Authorization", "Accept", "User-Agent"])
            request.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)context.Request.Headers[name]!);
        return await upstream.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static async Task CopyAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        await response.Content.CopyToAsync(context.Response.Body, cancellationToken);
    }

    private static async Task RefuseAsync(HttpContext context, Fault fault, CancellationToken cancellationToken)
    {
        var (code, reason) = fault switch
        {
            Fault.Status409 => (409, "Conflict"),
            Fault.Status410 => (410, "Expired"),
            Fault.Status429 => (429, "TooManyRequests"),
            _ => (500, "InternalError"),
        };
        context.Response.StatusCode = code;
        if (fault == Fault.Status429)
        {
            // The flow control of a real server answers in plain text.
            context.Response.Headers.RetryAfter = "1";
            await context.Response.WriteAsync("Too many requests, please try again later.\n", cancellationToken);
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(
            $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"injected","reason":"{{reason}}","code":{{code}}}""", Encoding.UTF8, cancellationToken);
    }
}
