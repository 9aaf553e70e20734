using System.Text;
using Ops.Api;
using Ops.Kube;
using Ops.Operator.Stores;
using Prometheus;

namespace Ops.Operator.Tests;

/// <summary>Stores on the operator's metrics page.</summary>
public sealed class StoreMetricsTests
{
    private static readonly ObjectKey Carts = new("shop", "carts");

    [Fact]
    public async Task Shards_are_shown_and_their_series_go_with_them()
    {
        StoreMetrics.Show(Carts, null, Status(shards: 2, failovers: 0));
        StoreMetrics.Show(Carts, Status(shards: 2, failovers: 0), Status(shards: 2, failovers: 1));
        StoreMetrics.Moved(Carts);
        var page = await PageAsync();
        page.ShouldContain("ops_store_slots{namespace=\"shop\",store=\"carts\",shard=\"s1\"} 8192");
        page.ShouldContain("ops_store_replicas_in_sync{namespace=\"shop\",store=\"carts\",shard=\"s0\"} 1");
        page.ShouldContain("ops_store_replica_lag_bytes{namespace=\"shop\",store=\"carts\",shard=\"s0\"} 5000");
        page.ShouldContain("ops_store_primary_up{namespace=\"shop\",store=\"carts\",shard=\"s0\"} 1");
        page.ShouldContain("ops_store_load_skew{namespace=\"shop\",store=\"carts\"} 1.4");
        page.ShouldContain("ops_store_failovers_total{namespace=\"shop\",store=\"carts\"} 1");
        page.ShouldContain("ops_store_slot_moves_total{namespace=\"shop\",store=\"carts\"} 1");

        StoreMetrics.Show(Carts, null, Status(shards: 1, failovers: 1));
        (await PageAsync()).ShouldNotContain("shard=\"s1\"");
        StoreMetrics.Forget(Carts);
        (await PageAsync()).ShouldNotContain("store=\"carts\"");
    }

    private static ShardedStoreStatus Status(int shards, int failovers) => new()
    {
        Load = new() { Skew = 1.4 },
        History = [.. Enumerable.Range(0, failovers).Select(_ => new StoreEventStatus { Kind = StoreEventKinds.Failover })],
        Shards =
        [
            .. Enumerable.Range(0, shards).Select(shard => new StoreShardStatus
            {
                Name = $"s{shard}",
                Primary = $"carts-s{shard}-0",
                Slots = 8_192,
                Members = [new() { Name = $"carts-s{shard}-0" }, new() { Name = $"carts-s{shard}-1", InSync = true, LagBytes = 5_000 }],
            }),
        ],
    };

    private static async Task<string> PageAsync()
    {
        using var stream = new MemoryStream();
        await Metrics.DefaultRegistry.CollectAndExportAsTextAsync(stream, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
