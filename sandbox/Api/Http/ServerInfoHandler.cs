using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Http;

/// <summary>/version, health and metrics.</summary>
internal sealed class ServerInfoHandler(ObjectStore store, RequestMetrics metrics, Func<bool> isReady) : IRequestHandler
{
    public const string GitVersion = "v1.32.0+ops-sandbox";

    public RequestDelegate? Find(RequestInfo info)
    {
        if (info.IsResource) return null;
        return info.Path.TrimEnd('/') switch
        {
            "/version" => context => Responses.WriteAsync(context, Version()),
            "/livez" or "/healthz" or "/livez/ping" or "/healthz/ping" or "/readyz/ping" => context => HealthAsync(context, healthy: true),
            "/readyz" => context => HealthAsync(context, isReady()),
            "/metrics" => context => Responses.WriteTextAsync(
                context, metrics.Expose(store.Snapshot.Resources.Values.Sum(r => r.Count), store.Snapshot.Revision), type: "text/plain; version=0.0.4; charset=utf-8"),
            _ => null,
        };
    }

    private static Task HealthAsync(HttpContext context, bool healthy)
    {
        if (!healthy) return Responses.WriteTextAsync(context, "[-]bootstrap failed: reason withheld\nreadyz check failed\n", StatusCodes.Status500InternalServerError);
        var verbose = context.Request.Query.ContainsKey("verbose");
        return Responses.WriteTextAsync(context, verbose ? $"[+]ping ok\n[+]store ok\n{info(context)} check passed\n" : "ok");

        static string info(HttpContext c) => c.Request.Path.Value!.Trim('/');
    }

    private static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "32",
        ["gitVersion"] = GitVersion,
        ["gitCommit"] = "",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = RuntimeInformation.FrameworkDescription,
        ["compiler"] = "roslyn",
        ["platform"] = "linux/amd64",
    };
}
