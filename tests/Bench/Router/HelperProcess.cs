using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace Ops.Bench.Router;

/// <summary>The bench's executable in its other modes: the upstream of every contender, and YARP with nothing around it.</summary>
internal static class HelperProcess
{
    /// <summary>The first argument of these modes.</summary>
    internal const string Verb = "router-helper";

    private const string Usage = "\"usage\":{\"prompt_tokens\":250,\"completion_tokens\":64,\"total_tokens\":314}";

    // By address, each of which is a replica of its own.
    private static readonly ConcurrentDictionary<IPAddress, int> Running = new();

    private static readonly byte[] Answer = Encoding.ASCII.GetBytes($$$"""{"id":"chatcmpl-1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"{{{new string('a', 800)}}}"},"finish_reason":"stop"}],{{{Usage}}}}""");

    /// <summary>Runs "router-helper upstream PORT ADDRESSES" or "router-helper yarp PORT UPSTREAM-URL" until it is stopped.</summary>
    internal static async Task<int> RunAsync(string[] arguments)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, Number(arguments[2]), arguments[1] == "upstream" ? Number(arguments[3]) : 1));
        builder.Services.AddHttpForwarder();
        var app = builder.Build();
        if (arguments[1] == "yarp")
            Forward(app, arguments[3]);
        else
            app.Run(AnswerAsync);
        await app.RunAsync();
        return 0;
    }

    private static int Number(string argument) => int.Parse(argument, CultureInfo.InvariantCulture);

    private static void Listen(KestrelServerOptions kestrel, int port, int addresses)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        for (var i = 0; i < addresses; i++)
            kestrel.Listen(Wire.Replica(i, port));
    }

    // As YARP's own documentation shows direct forwarding.
    private static void Forward(WebApplication app, string upstream)
    {
        var client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            EnableMultipleHttp2Connections = true,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(15),
        });
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        app.Run(async context => await forwarder.SendAsync(context, upstream, client, ForwarderRequestConfig.Empty, HttpTransformer.Default));
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Method == HttpMethods.Get)
        {
            await context.Response.WriteAsync(Metrics(Running.GetValueOrDefault(context.Connection.LocalIpAddress!)));
            return;
        }

        Running.AddOrUpdate(context.Connection.LocalIpAddress!, 1, static (_, running) => running + 1);
        try
        {
            await ComputeAsync(context);
        }
        finally
        {
            Running.AddOrUpdate(context.Connection.LocalIpAddress!, 0, static (_, running) => running - 1);
        }
    }

    // What a vLLM without a queue says of itself; the router under test reads it once a second.
    private static string Metrics(int running) => $$"""
        vllm:num_requests_running{model_name="m"} {{running}}.0
        vllm:num_requests_waiting{model_name="m"} 0.0
        vllm:kv_cache_usage_perc{model_name="m"} 0.1

        """;

    private static async Task ComputeAsync(HttpContext context)
    {
        var pace = await ReadAsync(context.Request);
        if (pace is null)
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = Answer.Length;
            await context.Response.Body.WriteAsync(Answer);
            return;
        }

        context.Response.ContentType = "text/event-stream";
        for (var i = 0; i < Wire.Chunks; i++)
        {
            if (pace > 0 && i > 0)
                await Task.Delay(pace.Value, context.RequestAborted);
            var usage = i == Wire.Chunks - 1 ? "," + Usage : "";
            await context.Response.WriteAsync($$$"""data: {"id":"chatcmpl-1",{{{Wire.TimeKey}}}{{{Stopwatch.GetTimestamp():0000000000000000000}}}","choices":[{"index":0,"delta":{"content":" token"}}]{{{usage}}}}""" + "\n\n");
        }

        await context.Response.WriteAsync("data: [DONE]\n\n");
    }

    /// <summary>Reads the body to its end; the head says whether a stream is wanted, and at what pace.</summary>
    /// <returns>Milliseconds between chunks, or null.</returns>
    private static async Task<int?> ReadAsync(HttpRequest request)
    {
        int? pace = null;
        var first = true;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync();
            if (first && !read.Buffer.IsEmpty)
            {
                pace = Pace(read.Buffer.Slice(0, Math.Min(read.Buffer.Length, 120)).ToArray());
                first = false;
            }

            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return pace;
        }
    }

    // {"model":"m","stream":true,"pace_ms":2,"messages":...
    private static int? Pace(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("\"pace_ms\":"u8);
        return at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(head[(at + 10)..], out int pace, out _) ? pace : null;
    }
}
