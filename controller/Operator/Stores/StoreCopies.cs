using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Planning.Stores;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using Ops.Storage.Planning;

namespace Ops.Operator.Stores;

/// <summary>Carries out backups and restores. What is to be done stands in the status before it is done.</summary>
internal sealed partial class StoreCopies(KubeClient client, ApplyWriter writer, ILogger<StoreCopies> logger)
{
    /// <summary>The Job of the backup that is being taken; null when there is none.</summary>
    internal Task<V1Job?> JobAsync(ShardedStore store, CancellationToken cancellationToken) => store.Status?.Backup?.Running is { } running
        ? client.GetAsync<V1Job>(store.Metadata.NamespaceProperty, StoreBackupJob.JobName(store, running), cancellationToken)
        : Task.FromResult<V1Job?>(null);

    /// <summary>Makes the Job of a backup that has none yet.</summary>
    internal async Task TakeAsync(ShardedStore store, CopyState copies, V1Job? job, StoreGoal goal, StoreView view, CancellationToken cancellationToken)
    {
        if (copies.Backup?.Running is not { } running || store.Spec.Backup is null || job is not null || BackupPlanner.Sources(goal, view) is not { Count: > 0 } sources)
            return;
        try
        {
            await writer.ApplyAsync(StoreBackupJob.Plan(store, running, sources), null, cancellationToken);
        }
        catch (KubeApiException refusal)
        {
            // It is tried again with the next look; after half an hour the backup counts as failed.
            Log.Refused(logger, store.Metadata.NamespaceProperty, store.Metadata.Name, refusal.Message);
        }
    }

    /// <summary>Takes a restore on by some keys.</summary>
    /// <returns>The state to remember; the same one when nothing changed.</returns>
    internal async Task<StoreRestoreStatus?> RestoreAsync(
        ShardedStore store, StoreRestoreStatus? restore, StoreConnections.Connection connection, IReadOnlyList<V1StatefulSet> sets, IReadOnlyList<V1Pod> pods, StoreView view, CancellationToken cancellationToken)
    {
        if (store.Spec.RestoreFrom is not { } from || restore is null)
            return restore;
        var present = sets.FirstOrDefault(set => set.Metadata.Name == StoreLoader.Name(store));
        if (restore.ShardsDone >= from.Shards)
        {
            if (present is not null)
                await writer.DeleteAsync(present, cancellationToken: cancellationToken);
            return restore;
        }

        await writer.ApplyAsync(StoreLoader.Plan(store, restore.ShardsDone), present, cancellationToken);
        if (Loaded(store, restore, pods) is not { } pod)
            return restore;
        try
        {
            // In memory only: another operator begins with the shard anew, and what is there already stays as it is.
            if (connection.Copying is not { } copying || copying.Pod != pod.Metadata.Uid)
                copying = (pod.Metadata.Uid, 0, 0);
            var (cursor, keys) = await connection.Engine.CopyKeysAsync(new(pod.Status.PodIP, WellKnown.StorePort), copying.Cursor, view, cancellationToken);
            var all = copying.Keys + keys;
            connection.Copying = cursor == 0 ? null : (pod.Metadata.Uid, cursor, all);
            return cursor == 0 ? restore with { ShardsDone = restore.ShardsDone + 1, Keys = restore.Keys + all } : restore;
        }
        catch (StoreEngineException refusal)
        {
            Log.Refused(logger, store.Metadata.NamespaceProperty, store.Metadata.Name, refusal.Message);
            return restore;
        }
    }

    private static V1Pod? Loaded(ShardedStore store, StoreRestoreStatus restore, IReadOnlyList<V1Pod> pods) => pods.FirstOrDefault(pod =>
        pod.Metadata.Name == StoreLoader.PodName(store)
        && pod.Metadata.DeletionTimestamp is null
        && pod.Metadata.Labels.TryGetValue(Labels.LoadedShard, out var shard) && shard == StoreObjects.ShardName(restore.ShardsDone)
        && pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Namespace}/{Store}: {Refusal}")]
        public static partial void Refused(ILogger logger, string @namespace, string store, string refusal);
    }
}
