using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ops.Kube;

/// <summary>What every cache can do, whatever its kind.</summary>
public interface IResourceCache
{
    /// <summary>
    /// Raised after a complete list replaced the state, the first and each later one. A later one means a gap: what came
    /// and went inside it was never seen by this cache, so whoever wrote meanwhile has to look again.
    /// </summary>
    event Action? Listed;

    /// <summary>True once the first complete list is in.</summary>
    bool HasSynced { get; }

    /// <summary>Why the cache is not current at the moment, one sentence; null while it is. <see cref="NotListedYet"/> before anything failed.</summary>
    string? Trouble { get; }

    /// <summary>The trouble of a cache that has only just begun.</summary>
    const string NotListedYet = "The first list is not in yet.";

    /// <summary>Keeps the cache current until cancelled. Call once.</summary>
    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Waits until <see cref="HasSynced"/>.</summary>
    Task WaitForSyncAsync(CancellationToken cancellationToken);
}

/// <summary>What a cache holds and how patient it is.</summary>
public sealed record ResourceCacheOptions
{
    /// <summary>Only this namespace; null for all.</summary>
    public string? Namespace { get; init; }

    /// <summary>Only objects with matching labels.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Only objects with matching fields, for example metadata.name=x.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>
    /// An older API version with the same fields, read where the server does not serve the type's own, for example
    /// v1beta1 for EndpointSlices before Kubernetes 1.21. Default none.
    /// </summary>
    public string? OlderVersion { get; init; }

    /// <summary>The server is asked to end a watch after once to twice this time. Default 5 minutes, as everybody's.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A watch that lives this much longer than it asked for is dead. Default 30 s.</summary>
    public TimeSpan StallMargin { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A watch without an event or a bookmark for this long is replaced. Default 150 s: servers send a bookmark about
    /// every 60 s, so a healthy watch is not cut, and a silently dead one costs at most this much staleness.
    /// </summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>Longest wait after the first failure in a row. Default 500 ms.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Upper end of the wait. Default 30 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Seed of the jitter. Default: another in each process.</summary>
    public int Seed { get; init; } = System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>Objects a page of a list, as kubectl asks for.</summary>
    internal int PageSize { get; init; } = 500;

    /// <summary>
    /// So many watches in a row without one event or bookmark leave open whether the position exists on this server at
    /// all (after a restore from a backup it may lie in the future, where a watch stays silent for ever): list again.
    /// </summary>
    internal int BarrenWatchesBeforeList { get; init; } = 3;

    /// <summary>metadata.managedFields are kept of these managers only; they are most of an object's bytes. Default: those of <see cref="ApplyWriter"/>.</summary>
    public IReadOnlyCollection<string> KeepManagers { get; init; } = [ApplyWriter.FieldManager, ApplyWriter.StatusFieldManager];
}

/// <summary>
/// A local copy of a kind's objects, kept current by list and watch. Objects are shared by all readers and must not be
/// modified. A cache may lag behind the server; whoever acts on it must be safe to run again.
/// </summary>
public sealed class ResourceCache<T> : IResourceCache
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CacheStore<T> store;
    private readonly ListWatch<T> listWatch;
    private readonly ResourceCacheOptions options;
    private readonly ILogger logger;
    private volatile string? trouble = IResourceCache.NotListedYet;
    private int started;

    /// <summary>Creates a cache; nothing is requested before <see cref="RunAsync"/>.</summary>
    public ResourceCache(KubeClient client, ResourceCacheOptions? options = null, ILoggerFactory? logs = null)
        : this(client, options, logs, new RelistDifference<T>())
    {
    }

    internal ResourceCache(KubeClient client, ResourceCacheOptions? options, ILoggerFactory? logs, IRelist<T> relist)
    {
        this.options = options ?? new ResourceCacheOptions();
        logger = (logs ?? NullLoggerFactory.Instance).CreateLogger("Ops.Kube.ResourceCache");
        store = new CacheStore<T>(relist);
        listWatch = new ListWatch<T>(client, this.options, OnListing, OnEvent, text => trouble = text, logger);
    }

    /// <summary>
    /// Raised for each change, in order, on one task, after the cache holds the new state. Handlers are quick and do not
    /// throw; subscribe before <see cref="RunAsync"/> to see the first objects as Added.
    /// </summary>
    public event Action<CacheChange<T>>? Changed;

    /// <inheritdoc/>
    public event Action? Listed;

    /// <inheritdoc/>
    public bool HasSynced => synced.Task.IsCompleted;

    /// <summary>Objects in the cache.</summary>
    public int Count => store.Objects.Count;

    /// <inheritdoc/>
    public string? Trouble => trouble;

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref started, 1) != 0)
            throw new InvalidOperationException("A cache runs once.");
        return listWatch.RunAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => synced.Task.WaitAsync(cancellationToken);

    /// <summary>The object, or null.</summary>
    public T? Get(string? ns, string name) => Get(new ObjectKey(ns, name));

    /// <summary>The object, or null.</summary>
    public T? Get(ObjectKey key) => store.Objects.GetValueOrDefault(key);

    /// <summary>All objects at one moment, in no order.</summary>
    public IReadOnlyCollection<T> List() => new Snapshot<T>(store.Objects);

    /// <summary>Adds an index, before <see cref="RunAsync"/>: objects by whatever keys the function gives for them.</summary>
    public CacheIndex<T> AddIndex(Func<T, IEnumerable<string>> keys) =>
        started == 0 ? store.AddIndex(keys) : throw new InvalidOperationException("Indexes are added before the cache runs.");

    private void OnListing(Listing<T> listing)
    {
        foreach (var obj in listing.Items)
            Trim(obj);
        foreach (var key in listing.Unreadable)
            Log.Unreadable(logger, ResourceOf<T>.Name, key);
        Raise(store.Replace(listing));
        synced.TrySetResult();
        Guard(() => Listed?.Invoke(), default);
    }

    private void OnEvent(WatchEvent<T> e)
    {
        if (e.Object is { } obj)
            Trim(obj);
        else if (e.Kind != WatchEventKind.Bookmark)
            Log.Unreadable(logger, ResourceOf<T>.Name, e.Key);
        Raise(store.Take(e));
    }

    private void Raise(IReadOnlyList<CacheChange<T>> changes)
    {
        foreach (var change in changes)
            Guard(() => Changed?.Invoke(change), change.Key);
    }

    private void Guard(Action handlers, ObjectKey key)
    {
        try
        {
            handlers();
        }
#pragma warning disable CA1031 // A handler's fault must not stop the cache of everybody else.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.HandlerThrew(logger, e, ResourceOf<T>.Name, key);
        }
    }

    private void Trim(T obj)
    {
        if (obj.Metadata.ManagedFields is { Count: > 0 } fields)
            obj.Metadata.ManagedFields = [.. fields.Where(f => options.KeepManagers.Contains(f.Manager))];
    }
}
