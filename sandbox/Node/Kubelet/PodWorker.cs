using k8s.Models;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>Runs one pod: one task that looks, acts, publishes and waits for the next thing to happen.</summary>
internal sealed partial class PodWorker : IAsyncDisposable
{
    /// <summary>Without news a running pod is looked at this often, as the kubelet's sync period; it refreshes mounted ConfigMaps.</summary>
    private static readonly TimeSpan SyncPeriod = TimeSpan.FromMinutes(1);

    /// <summary>How long a pod that was force-deleted gets to end by itself.</summary>
    private static readonly TimeSpan ForcedGrace = TimeSpan.FromSeconds(2);

    private readonly KubeletContext context;
    private readonly WakeSignal wake = new();
    private readonly PodContainers containers;
    private readonly Task loop;
    private volatile V1Pod pod;
    private volatile bool gone;
    private volatile bool stopping;
    private (string Reason, string Message)? failure;

    public PodWorker(KubeletContext context, V1Pod pod)
    {
        this.context = context;
        this.pod = pod;
        containers = new PodContainers(context, () => this.pod, Wake);
        loop = Task.Run(RunAsync);
    }

    public Task Completion => loop;

    public PodContainers Containers => containers;

    public void Update(V1Pod latest)
    {
        pod = latest;
        Wake();
    }

    /// <summary>The pod is no longer in the cluster.</summary>
    public void Remove()
    {
        gone = true;
        Wake();
    }

    /// <summary>The sandbox stops: the processes end, the pod stays.</summary>
    public async ValueTask DisposeAsync()
    {
        stopping = true;
        Wake();
        await loop;
    }

    private DateTimeOffset Now => context.Clock.GetUtcNow();

    private async Task RunAsync()
    {
        try
        {
            // What an earlier sandbox published as running is gone: say so before anybody sends traffic there.
            var restored = containers.Slots.Any(slot => slot.HasRun);
            while (true)
            {
                TimeSpan? next;
                try
                {
                    if (restored && !Pods.IsTerminal(pod) && !Pods.IsTerminating(pod))
                        Publish(isTerminating: false);
                    restored = false;
                    if (await StepAsync() is not { } wait)
                        return;
                    next = wait;
                }
                catch (ApiException refusal)
                {
                    // The server's answer may be different in a moment (a conflict, a namespace on its way out).
                    Log.Refused(context.Logger, pod.Metadata.NamespaceProperty, pod.Metadata.Name, refusal.Message);
                    next = TimeSpan.FromMilliseconds(200);
                }
                await wake.WaitAsync(next < SyncPeriod ? next : SyncPeriod, context.Clock, CancellationToken.None);
            }
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            Log.Broken(context.Logger, problem, pod.Metadata.NamespaceProperty, pod.Metadata.Name);
            await containers.StopAllAsync(() => Now, hooks: false);
        }
        finally
        {
            await containers.DisposeAsync();
            context.Addresses.Release(pod.Metadata.Uid);
        }
    }

    /// <summary>One look. Null when the worker has nothing more to do, else when to look again at the latest.</summary>
    private async Task<TimeSpan?> StepAsync()
    {
        if (stopping)
        {
            var until = Now + context.Options.StopWithin;
            await containers.StopAllAsync(() => until, hooks: false);
            return null;
        }
        if (gone)
        {
            var until = Now + ForcedGrace;
            await containers.StopAllAsync(() => until, hooks: false);
            RemoveFolder();
            return null;
        }
        if (Pods.IsTerminating(pod))
            return await TerminateAsync();
        if (Pods.IsTerminal(pod))
        {
            await containers.ReapAsync();
            return SyncPeriod;
        }
        if (PastDeadline() is { } left && left <= TimeSpan.Zero)
            return await FailAsync("DeadlineExceeded", "Pod was active on the node longer than the specified deadline");

        await containers.ReapAsync();
        var next = await containers.SyncAsync();
        Publish(isTerminating: false);
        return Earlier(next, PastDeadline());
    }

    private async Task<TimeSpan?> TerminateAsync()
    {
        // The deadline is read anew on every look: a second deletion may shorten it.
        await containers.StopAllAsync(() => pod.Metadata.DeletionTimestamp is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : Now, hooks: true);
        if (gone)
            return TimeSpan.Zero;
        if (!Pods.IsTerminal(pod))
            Publish(isTerminating: true);
        // Somebody's finalizer may keep the object; then the watch brings the end later.
        context.State.Delete(pod, gracePeriodSeconds: 0);
        if (context.State.Pods.Get(pod.Metadata.NamespaceProperty, pod.Metadata.Name) is { } left && left.Metadata.Uid == pod.Metadata.Uid)
            return SyncPeriod;
        RemoveFolder();
        return null;
    }

    private async Task<TimeSpan?> FailAsync(string reason, string message)
    {
        failure = (reason, message);
        var until = Now.AddSeconds(pod.Spec.TerminationGracePeriodSeconds ?? 30);
        await containers.StopAllAsync(() => until, hooks: true);
        context.State.Events.Tell(new Narration(References.To(pod), KubeletContext.Component, reason, message), pod.Spec.NodeName);
        Publish(isTerminating: true);
        return SyncPeriod;
    }

    private TimeSpan? PastDeadline() => pod.Spec.ActiveDeadlineSeconds is { } seconds && pod.Status?.StartTime is { } start
        ? new DateTimeOffset(start, TimeSpan.Zero).AddSeconds(seconds) - Now
        : null;

    private void Publish(bool isTerminating)
    {
        // Built on the newest copy, so that conditions of others are kept; a conflict brings the worker back here.
        var latest = context.State.Pods.Get(pod.Metadata.NamespaceProperty, pod.Metadata.Name);
        if (latest is null || latest.Metadata.Uid != pod.Metadata.Uid)
            return;
        var status = PodStatusBuilder.Build(latest, containers.Slots, containers.Address, KubeletContext.HostIP, isTerminating, failure, Now);
        if (Canonical.Same(status, latest.Status))
            return;
        var copy = Canonical.Copy(latest);
        copy.Status = status;
        try
        {
            pod = context.State.UpdateStatus(copy);
        }
        catch (ApiException refusal) when (refusal.IsNotFound)
        {
            gone = true;
            Wake();
        }
    }

    private void RemoveFolder()
    {
        var folder = context.PodDirectory(pod);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        var logs = Path.GetDirectoryName(Path.GetDirectoryName(context.LogPath(pod, "any", 0)))!;
        if (Directory.Exists(logs))
            Directory.Delete(logs, recursive: true);
    }

    private static TimeSpan Earlier(TimeSpan? left, TimeSpan? right)
    {
        var next = left is null || right < left ? right ?? SyncPeriod : left.Value;
        return next < TimeSpan.FromMilliseconds(10) ? TimeSpan.FromMilliseconds(10) : next;
    }

    private void Wake() => wake.Set();

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "pod {Namespace}/{Name}: the server refused: {Problem}")]
        public static partial void Refused(ILogger logger, string @namespace, string name, string problem);

        [LoggerMessage(LogLevel.Error, "pod {Namespace}/{Name}: its worker broke")]
        public static partial void Broken(ILogger logger, Exception problem, string @namespace, string name);
    }
}
