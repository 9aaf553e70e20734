using System.Collections.Concurrent;
using Ops.Api;
using Ops.Kube;
using Ops.Storage.Engines;

namespace Ops.Operator.Stores;

/// <summary>The open connections to each store, kept from one reconcile to the next.</summary>
internal sealed class StoreConnections(KubeClient client, TimeProvider time, ILogger<StoreConnections> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<ObjectKey, Connection> _open = new();

    /// <summary>The connection of a store; a store that took the name of an earlier one gets a new one.</summary>
    internal async Task<Connection> OfAsync(ObjectKey key, ShardedStore store)
    {
        if (_open.TryGetValue(key, out var open) && open.Uid == store.Metadata.Uid)
            return open;
        await DropAsync(key);
        // A key is never reconciled twice at a time, so nobody else adds it meanwhile.
        IStoreEngine engine = store.Spec.Engine.Type == StoreEngines.Garnet ? new GarnetEngine(time) : new RedisEngine(time);
        return _open[key] = new Connection(store.Metadata.Uid, engine, new StoreLoad(engine, time, logger), new StoreSecrets(client, time), new StoreCertificates(client, time), new StoreUserKeeper(engine, new StoreUserSecrets(client, time), logger));
    }

    /// <summary>Closes what a deleted store had open.</summary>
    internal async Task DropAsync(ObjectKey key)
    {
        if (_open.TryRemove(key, out var gone))
            await gone.Engine.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var key in _open.Keys)
            await DropAsync(key);
    }

    /// <summary>One store's connections, and when its numbers were shown last.</summary>
    internal sealed record Connection(string Uid, IStoreEngine Engine, StoreLoad Load, StoreSecrets Secrets, StoreCertificates Certificates, StoreUserKeeper Users)
    {
        /// <summary>When keys, rates and lags were last written to the status; null for never.</summary>
        public DateTimeOffset? NumbersShown { get; set; }

        /// <summary>How far the copying of the shard that is restored is: the pod that has it, the cursor, and the keys so far.</summary>
        public (string Pod, long Cursor, long Keys)? Copying { get; set; }

        /// <summary>How far the restore came with the last look.</summary>
        public StoreRestoreStatus? Restored { get; set; }

        /// <summary>Members that refused every known password when they were last asked.</summary>
        public IReadOnlyList<string> Refusing { get; set; } = [];

        /// <summary>Members that present another certificate than the Secret's, as of the last look.</summary>
        public IReadOnlyList<string> Stale { get; set; } = [];

        /// <summary>Its shards that are empty and wait to be removed.</summary>
        public DrainedShards Drained { get; } = new();

        /// <summary>The status written last, and the version of the object that it was made from.</summary>
        public (string Version, ShardedStoreStatus Status)? Written { get; set; }

        /// <summary>
        /// The store as it is to be planned from. While a cache still holds the version from before our own last write, what
        /// was written counts: else moves would be counted once for several plans.
        /// </summary>
        public ShardedStore Current(ShardedStore cached) => Written is { } written && written.Version == cached.Metadata.ResourceVersion
            ? new() { Metadata = cached.Metadata, Spec = cached.Spec, Status = written.Status }
            : cached;
    }
}
