using Ops.Operator.Fleet;
using Prometheus;

namespace Ops.Operator.Hosting;

/// <summary>/healthz, /readyz and /metrics.</summary>
internal static class HealthEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapHealth(this WebApplication app)
    {
        // A hung process does not answer, and a failed component stops the host, so answering is being alive.
        app.MapGet("/healthz", () => Results.Text("ok\n"));
        app.MapGet("/readyz", (FleetCaches caches) =>
        {
            var missing = caches.All.Where(cache => !cache.Cache.HasSynced).Select(cache => $"{cache.Name}: {cache.Cache.Trouble}\n").ToList();
            return missing.Count == 0 ? Results.Text("ok\n") : Results.Text(string.Concat(missing), statusCode: 503);
        });
        app.MapMetrics();
    }
}
