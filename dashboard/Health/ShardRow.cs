using Ops.Api;

namespace Ops.Dashboard.Health;

/// <summary>A shard as a row. Pure.</summary>
/// <param name="Index">Its place, which gives its colour.</param>
/// <param name="Name">s0, s1, ...</param>
/// <param name="Primary">The pod that serves it, or null.</param>
/// <param name="Slots">Slots that it serves.</param>
/// <param name="Keys">Keys, or null.</param>
/// <param name="Operations">Commands a second, or null.</param>
/// <param name="IsLeaving">Its slots are on their way elsewhere.</param>
/// <param name="Others">Its members but the primary.</param>
internal sealed record ShardRow(int Index, string Name, string? Primary, int Slots, double? Keys, double? Operations, bool IsLeaving, IReadOnlyList<StoreMemberStatus> Others)
{
    /// <summary>Hash slots of a cluster; fixed by the protocol of Redis Cluster.</summary>
    public const int AllSlots = 16_384;

    /// <summary>The row of a shard.</summary>
    public static ShardRow Of(StoreShardStatus shard, int index) => new(
        index, shard.Name, shard.Primary, shard.Slots, shard.Keys, shard.OperationsPerSecond, shard.Leaving == true,
        [.. (shard.Members ?? []).Where(member => member.Name != shard.Primary)]);

    /// <summary>Commands of the busiest shard by those of the mean; null without any.</summary>
    public static double? Skew(IReadOnlyList<ShardRow> shards)
    {
        var known = shards.Where(shard => !shard.IsLeaving).Select(shard => shard.Operations ?? 0).ToArray();
        return known.Length > 0 && known.Sum() > 0 ? known.Max() / known.Average() : null;
    }
}
