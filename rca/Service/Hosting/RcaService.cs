using Ops.Kube;
using Ops.Rca.Service.Topology;
using Prometheus;

namespace Ops.Rca.Service.Hosting;

/// <summary>Runs the caches always, and the monitor while this process leads.</summary>
internal sealed class RcaService(ClusterCaches caches, LeaderLease lease, MonitorLoop monitor) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = caches.All.Select(cache => cache.Cache.RunAsync(stoppingToken)).Append(lease.RunAsync(monitor.RunAsync, stoppingToken)).ToList();
        // None of these ends by itself; the first that does has failed, and its exception stops the host.
        await await Task.WhenAny(running);
        await Task.WhenAll(running);
    }
}

/// <summary>/healthz, /readyz and /metrics.</summary>
internal static class HealthEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz", () => Results.Text("ok\n"));
        app.MapGet("/readyz", (ClusterCaches caches) =>
        {
            var missing = string.Concat(caches.All.Where(cache => !cache.Cache.HasSynced).Select(cache => $"{cache.Name}: {cache.Cache.Trouble}\n"));
            return missing.Length == 0 ? Results.Text("ok\n") : Results.Text(missing, statusCode: 503);
        });
        app.MapMetrics();
    }
}
