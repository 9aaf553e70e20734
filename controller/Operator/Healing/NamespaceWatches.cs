using System.Collections.Concurrent;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>The namespaces that have a policy: nothing else of a cluster is watched.</summary>
internal sealed class NamespaceWatches(Healer healer, HealingCaches caches, GroupList groups, MetricsReader metrics, TimeProvider time, ILoggerFactory logs)
{
    private readonly ConcurrentDictionary<string, (NamespaceWatch Watch, CancellationTokenSource Stop, Task Run)> running = [];
    private CancellationToken stopping;

    /// <summary>Raised with the namespace when something in it changed.</summary>
    public event Action<string>? Changed;

    /// <summary>The watch of a namespace; it is started when it is not there.</summary>
    public NamespaceWatch For(string ns) => running.GetOrAdd(ns, Start).Watch;

    /// <summary>Stops watching a namespace.</summary>
    public async Task StopAsync(string ns)
    {
        if (!running.TryRemove(ns, out var one))
            return;
        await one.Stop.CancelAsync();
        await one.Run;
        one.Stop.Dispose();
    }

    /// <summary>Lives as long as this process leads; every watch ends with it.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        stopping = leading;
        try
        {
            await Task.Delay(Timeout.Infinite, leading);
        }
        catch (OperationCanceledException)
        {
            foreach (var ns in running.Keys)
                await StopAsync(ns);
        }
    }

    private (NamespaceWatch, CancellationTokenSource, Task) Start(string ns)
    {
        var watch = new NamespaceWatch(healer.Client, ns, () => Changed?.Invoke(ns), caches, groups, metrics, time, logs);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        return (watch, stop, watch.RunAsync(stop.Token));
    }
}
