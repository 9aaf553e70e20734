using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>One kubelet for each simulated machine: registers it, renews its Lease, and gives every pod bound to it a worker.</summary>
internal sealed partial class NodeAgent : IAsyncDisposable
{
    private readonly KubeletContext context;
    private readonly NodeSpec spec;
    private readonly ConcurrentDictionary<string, PodWorker> workers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();
    private Task heartbeat = Task.CompletedTask;
    private volatile bool stopped;

    public NodeAgent(KubeletContext context, NodeSpec spec)
    {
        this.context = context;
        this.spec = spec;
    }

    public string Name => spec.Name;

    public void Start()
    {
        NodeObjects.Register(context.State, spec, context.Options.Images);
        context.State.Pods.Changed += OnPod;
        foreach (var pod in context.State.Pods.All())
            OnPod(null, pod);
        heartbeat = HeartbeatAsync();
    }

    public PodWorker? WorkerOf(string @namespace, string name) =>
        context.State.Pods.Get(@namespace, name) is { } pod ? workers.GetValueOrDefault(pod.Metadata.Uid) : null;

    public async ValueTask DisposeAsync()
    {
        stopped = true;
        context.State.Pods.Changed -= OnPod;
        await stopping.CancelAsync();
        await heartbeat;
        await Task.WhenAll(workers.Values.Select(worker => worker.DisposeAsync().AsTask()));
        stopping.Dispose();
    }

    private void OnPod(V1Pod? before, V1Pod? after)
    {
        if (after is null)
        {
            if (before is not null && workers.TryGetValue(before.Metadata.Uid, out var orphan))
                orphan.Remove();
            return;
        }
        if (after.Spec.NodeName != spec.Name || stopped)
            return;
        if (workers.TryGetValue(after.Metadata.Uid, out var worker))
            worker.Update(after);
        // A pod that ended before the sandbox started has nothing left to run.
        else if (!Pods.IsTerminal(after) || Pods.IsTerminating(after))
            Add(after);
    }

    private void Add(V1Pod pod)
    {
        var worker = new PodWorker(context, pod);
        if (!workers.TryAdd(pod.Metadata.Uid, worker))
            return;
        _ = worker.Completion.ContinueWith(_ => workers.TryRemove(pod.Metadata.Uid, out var _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private async Task HeartbeatAsync()
    {
        try
        {
            while (true)
            {
                try
                {
                    NodeObjects.RenewLease(context.State, spec.Name);
                }
                catch (Api.ApiException refusal)
                {
                    Log.NotRenewed(context.Logger, spec.Name, refusal.Message);
                }
                await Task.Delay(NodeObjects.RenewPeriod, context.Clock, stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The sandbox stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "lease of node {Node} was not renewed: {Problem}")]
        public static partial void NotRenewed(ILogger logger, string node, string problem);
    }
}
