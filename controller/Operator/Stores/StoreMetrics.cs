using System.Collections.Concurrent;
using Ops.Api;
using Ops.Kube;
using Prometheus;

namespace Ops.Operator.Stores;

/// <summary>
/// Stores by shard on /metrics, as their statuses show them. Only the leader reconciles, so read them where
/// ops_operator_leader is 1. At most 128 shards a store, and the series of a shard go with it.
/// </summary>
internal static class StoreMetrics
{
    private static readonly string[] ByShard = ["namespace", "store", "shard"];
    private static readonly Gauge Slots = Metrics.CreateGauge("ops_store_slots", "Slots that the shard's primary serves.", ByShard);
    private static readonly Gauge Keys = Metrics.CreateGauge("ops_store_keys", "Keys of the shard's primary, two significant digits.", ByShard);
    private static readonly Gauge Operations = Metrics.CreateGauge("ops_store_operations_per_second", "Commands a second of all nodes of the shard, two significant digits.", ByShard);
    private static readonly Gauge InSync = Metrics.CreateGauge("ops_store_replicas_in_sync", "Replicas that follow the shard's primary, those that other shards lent it included.", ByShard);
    private static readonly Gauge Lent = Metrics.CreateGauge("ops_store_replicas_lent", "Replicas of the shard that serve the reads of another.", ByShard);
    private static readonly Gauge Read = Metrics.CreateGauge("ops_store_keys_read_per_second", "Keys that all nodes which serve the shard's slots read in a second, two significant digits; absent while replica migration is off or too little was seen.", ByShard);
    private static readonly Gauge Lag = Metrics.CreateGauge("ops_store_replica_lag_bytes", "Bytes that the slowest replica of the shard has not confirmed, two significant digits.", ByShard);
    private static readonly Gauge Served = Metrics.CreateGauge("ops_store_primary_up", "1 while a primary of the shard answers.", ByShard);
    private static readonly Gauge Skew = Metrics.CreateGauge("ops_store_load_skew", "Load of the busiest shard over the mean of all; absent while too little was seen.", "namespace", "store");
    private static readonly Counter Failovers = Metrics.CreateCounter("ops_store_failovers_total", "Failovers that this process saw.", "namespace", "store");
    private static readonly Counter Moves = Metrics.CreateCounter("ops_store_slot_moves_total", "Moves of slots that this process began.", "namespace", "store");

    private static readonly ConcurrentDictionary<ObjectKey, IReadOnlyList<string>> Shown = new();

    /// <summary>Shows a store.</summary>
    /// <param name="key">The store.</param>
    /// <param name="before">Its status before.</param>
    /// <param name="status">Its status now.</param>
    internal static void Show(ObjectKey key, ShardedStoreStatus? before, ShardedStoreStatus status)
    {
        var rows = status.Shards ?? [];
        foreach (var gone in (Shown.GetValueOrDefault(key) ?? []).Except(rows.Select(row => row.Name)))
            RemoveShard(key, gone);
        Shown[key] = [.. rows.Select(row => row.Name)];
        foreach (var row in rows)
        {
            string[] labels = [Of(key), key.Name, row.Name];
            Slots.WithLabels(labels).Set(row.Slots);
            Served.WithLabels(labels).Set(row.Primary is null ? 0 : 1);
            Keys.WithLabels(labels).Set(row.Keys ?? 0);
            Operations.WithLabels(labels).Set(row.OperationsPerSecond ?? 0);
            InSync.WithLabels(labels).Set((row.Members ?? []).Where(member => member.LentTo is null).Concat(LentReplicas.Guests(rows, row.Name)).Count(member => member.InSync == true));
            Lent.WithLabels(labels).Set((row.Members ?? []).Count(member => member.LentTo is not null));
            if (row.KeysReadPerSecond is { } read)
                Read.WithLabels(labels).Set(read);
            else
                Read.RemoveLabelled(labels);
            Lag.WithLabels(labels).Set((row.Members ?? []).Max(member => member.LagBytes) ?? 0);
        }

        if (status.Load?.Skew is { } skew)
            Skew.WithLabels(Of(key), key.Name).Set(skew);
        else
            Skew.RemoveLabelled(Of(key), key.Name);
        if (before is not null)
            Failovers.WithLabels(Of(key), key.Name).Inc(NewFailovers(before, status));
    }

    /// <summary>Counts the move of a slot that is begun.</summary>
    internal static void Moved(ObjectKey key) => Moves.WithLabels(Of(key), key.Name).Inc();

    /// <summary>Takes a store that is gone off the page.</summary>
    internal static void Forget(ObjectKey key)
    {
        if (!Shown.TryRemove(key, out var shards))
            return;
        foreach (var shard in shards)
            RemoveShard(key, shard);
        Skew.RemoveLabelled(Of(key), key.Name);
        Failovers.RemoveLabelled(Of(key), key.Name);
        Moves.RemoveLabelled(Of(key), key.Name);
    }

    private static string Of(ObjectKey key) => key.Namespace ?? "";

    private static void RemoveShard(ObjectKey key, string shard)
    {
        foreach (var gauge in (Gauge[])[Slots, Keys, Operations, InSync, Lent, Read, Lag, Served])
            gauge.RemoveLabelled(Of(key), key.Name, shard);
    }

    // The history is bounded, so a longer one is no measure; an entry that was not there before is new.
    private static int NewFailovers(ShardedStoreStatus before, ShardedStoreStatus status) =>
        (status.History ?? []).Where(entry => entry.Kind == StoreEventKinds.Failover).Except(before.History ?? []).Count();
}
