using Ops.Kube;

namespace Ops.PowerAgent;

/// <summary>Runs the caches always, and the loop while this process holds its node's Lease.</summary>
internal sealed class PowerAgentService(NodeCaches caches, LeaderLease lease, AgentLoop loop, EventRecorder events) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = caches.All.Select(cache => cache.Cache.RunAsync(stoppingToken))
            .Append(lease.RunAsync(leading => Task.WhenAll(loop.RunAsync(leading), events.RunAsync(leading)), stoppingToken)).ToList();
        // None of these ends by itself; the first that does has failed, and its exception stops the host.
        await await Task.WhenAny(running);
        await Task.WhenAll(running);
    }
}
