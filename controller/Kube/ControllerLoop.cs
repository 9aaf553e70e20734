using System.Net;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ops.Kube;

/// <summary>Settings of a <see cref="ControllerLoop"/>.</summary>
public sealed record ControllerLoopOptions
{
    /// <summary>Keys reconciled at the same time. Default 4.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>Every key is reconciled again after this time even if nothing changed; null never. Default 10 minutes.</summary>
    public TimeSpan? Resync { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A reconcile that takes longer is cancelled and counts as failed. Default 2 minutes.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The queue's bounds and delays.</summary>
    public WorkQueueOptions Queue { get; init; } = new();
}

/// <summary>
/// Change of a watched object -> key in a queue -> reconciler. One key is never reconciled twice at a time; errors retry
/// with the key's own back-off; a full queue costs time, never a key: everything is queued again once it has drained.
/// </summary>
public sealed partial class ControllerLoop
{
    private readonly string name;
    private readonly IReconciler reconciler;
    private readonly ControllerLoopOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly List<(IResourceCache Cache, Func<IEnumerable<ObjectKey>> AllKeys)> sources = [];
    private volatile WorkQueue<ObjectKey>? queue;
    private volatile bool overflowed;

    /// <summary>Creates a loop; the name labels logs and metrics, for example modelpool.</summary>
    public ControllerLoop(string name, IReconciler reconciler, ControllerLoopOptions? options = null, TimeProvider? time = null, ILoggerFactory? logs = null)
    {
        this.name = name;
        this.reconciler = reconciler;
        this.options = options ?? new ControllerLoopOptions();
        this.time = time ?? TimeProvider.System;
        logger = (logs ?? NullLoggerFactory.Instance).CreateLogger("Ops.Kube.ControllerLoop." + name);
    }

    /// <summary>Objects of this cache are what is reconciled: their own keys go into the queue.</summary>
    public ControllerLoop For<T>(ResourceCache<T> cache)
        where T : class, IKubernetesObject<V1ObjectMeta> => Watches(cache, obj => [ObjectKey.Of(obj)]);

    /// <summary>A change of an object queues its controlling owner, if that has the given kind.</summary>
    public ControllerLoop Owns<T>(ResourceCache<T> cache, string ownerKind)
        where T : class, IKubernetesObject<V1ObjectMeta> => Watches(cache, obj => OwnersOf(obj, ownerKind));

    /// <summary>A change of an object queues the keys that the function gives for its old and its new state.</summary>
    public ControllerLoop Watches<T>(ResourceCache<T> cache, Func<T, IEnumerable<ObjectKey>> keys)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        sources.Add((cache, () => cache.List().SelectMany(keys)));
        cache.Changed += change =>
        {
            // Before and after a run changes may be ignored: the run begins with everything.
            if (queue is null)
                return;
            if (change.Old is { } old && !ReferenceEquals(old, change.Object))
                Enqueue(keys(old));
            Enqueue(keys(change.Object));
        };
        cache.Listed += OnListed;
        return this;
    }

    /// <summary>Queues a key from outside; without effect while the loop does not run.</summary>
    public void Enqueue(ObjectKey key)
    {
        if (queue?.Add(key) == false)
            overflowed = true;
    }

    /// <summary>
    /// Waits for the caches, queues all keys, then works until cancelled. Returns when no reconcile is in work any more.
    /// Can be run again after it ended, since leadership comes and goes.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var running = new WorkQueue<ObjectKey>(options.Queue, time);
        queue = running;
        Meters.ShowQueue(name, running);
        try
        {
            await Task.WhenAll(sources.Select(s => s.Cache.WaitForSyncAsync(cancellationToken)));
            EnqueueAll();
            Log.Started(logger, running.Count, options.Workers);
            var tasks = Enumerable.Range(0, options.Workers).Select(_ => WorkAsync(running, cancellationToken)).Append(ResyncAsync(cancellationToken));
            await Task.WhenAll(tasks.ToArray());
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The ordinary end.
        }
        finally
        {
            queue = null;
            Meters.HideQueue(name);
        }
    }

    private static IEnumerable<ObjectKey> OwnersOf<T>(T obj, string ownerKind)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        (obj.Metadata.OwnerReferences ?? [])
            .Where(o => o.Controller == true && o.Kind == ownerKind)
            .Select(o => new ObjectKey(ObjectKey.Of(obj).Namespace, o.Name));

    private void Enqueue(IEnumerable<ObjectKey> keys)
    {
        foreach (var key in keys)
            Enqueue(key);
    }

    // An object that we created and another deleted, both inside a gap of its cache, leaves no change behind: absent before,
    // absent after. Only looking at everything again finds that our write is gone.
    private void OnListed()
    {
        if (queue is not null && sources.TrueForAll(s => s.Cache.HasSynced))
            EnqueueAll();
    }

    private void EnqueueAll()
    {
        foreach (var (_, allKeys) in sources)
            Enqueue(allKeys());
    }

    private async Task ResyncAsync(CancellationToken cancellationToken)
    {
        if (options.Resync is not { } period)
            return;
        using var timer = new PeriodicTimer(period, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            EnqueueAll();
    }

    private async Task WorkAsync(WorkQueue<ObjectKey> running, CancellationToken cancellationToken)
    {
        while (true)
        {
            var key = await running.TakeAsync(cancellationToken);
            try
            {
                await ReconcileAsync(running, key, cancellationToken);
            }
            finally
            {
                running.Done(key);
            }

            if (overflowed && running.Count == 0)
            {
                overflowed = false;
                EnqueueAll();
            }
        }
    }

    private async Task ReconcileAsync(WorkQueue<ObjectKey> running, ObjectKey key, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        using var limit = new CancellationTokenSource(options.ReconcileTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var requeue = await reconciler.ReconcileAsync(key, either.Token);
            running.Forget(key);
            if (requeue.Delay is { } delay && !running.AddAfter(key, delay))
                overflowed = true;
            Meters.Reconciled(name, "ok", time.GetElapsedTime(began));
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped by the end of the run, not failed; the next run begins with everything.
        }
#pragma warning disable CA1031 // Whatever a reconciler throws, the other keys go on and this one is tried again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Meters.Reconciled(name, "error", time.GetElapsedTime(began));
            Retry(running, key, limit.IsCancellationRequested ? new TimeoutException($"The reconcile took longer than {options.ReconcileTimeout}.", e) : e);
        }
    }

    private void Retry(WorkQueue<ObjectKey> running, ObjectKey key, Exception error)
    {
        var delay = running.AddWithBackOff(key, (error as KubeApiException)?.RetryAfter ?? TimeSpan.Zero);
        if (error is KubeApiException { StatusCode: HttpStatusCode.Conflict } or NotLeaderException)
            Log.Raced(logger, key, error.Message, delay);
        else
            Log.Failed(logger, error, key, delay);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Caches are complete; {Keys} keys, {Workers} workers.")]
        public static partial void Started(ILogger logger, int keys, int workers);

        [LoggerMessage(Level = LogLevel.Debug, Message = "{Key}: {Reason} Again in {Delay}.")]
        public static partial void Raced(ILogger logger, ObjectKey key, string reason, TimeSpan delay);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Key} failed; again in {Delay}.")]
        public static partial void Failed(ILogger logger, Exception error, ObjectKey key, TimeSpan delay);
    }
}
