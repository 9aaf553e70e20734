using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>A replica that changes its primary for that of another shard, and what it may not do meanwhile.</summary>
/// <remarks>
/// Until its copy is done it has the keys of the shard before. It would tell readers that those of the new one are not there,
/// so it refuses them (MASTERDOWN) while its link is down; and it could be elected with them, so it is not (nofailover). That
/// mark is set first and taken last: whoever dies in between leaves a replica of which is known what is still to be done.
/// </remarks>
internal static class ReplicaMigration
{
    private const string NoFailover = "cluster-replica-no-failover";
    private const string ServeStale = "replica-serve-stale-data";

    /// <summary>Lets a replica copy another primary.</summary>
    internal static async Task BeginAsync(IServer replica, string primary)
    {
        await replica.ExecuteAsync("CONFIG", "SET", NoFailover, "yes");
        await replica.ExecuteAsync("CONFIG", "SET", ServeStale, "no");
        await replica.ExecuteAsync("CLUSTER", "REPLICATE", primary);
    }

    /// <summary>Lets one that follows the primary of its own shard be as any other.</summary>
    internal static async Task EndAsync(IServer replica)
    {
        await replica.ExecuteAsync("CONFIG", "SET", ServeStale, "yes");
        await replica.ExecuteAsync("CONFIG", "SET", NoFailover, "no");
    }
}
