using Ops.Kube;
using Ops.Rca.Service.Topology;

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
