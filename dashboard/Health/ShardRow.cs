using System.Globalization;
using Ops.Api;

namespace Ops.Dashboard.Health;

/// <summary>A shard as a row. Pure.</summary>
/// <param name="Index">Its place, which gives its colour.</param>
/// <param name="Name">s0, s1, ...</param>
/// <param name="Primary">The pod that serves it, or null.</param>
/// <param name="Slots">Slots that it serves.</param>
/// <param name="Keys">Keys, or null.</param>
/// <param name="Operations">Commands a second, or null.</param>
/// <param name="Reads">Keys read a second, or null.</param>
/// <param name="Heat">Its slots by their load, or null.</param>
/// <param name="IsLeaving">Its slots are on their way elsewhere.</param>
/// <param name="Others">Its members but the primary, and replicas that other shards lent it.</param>
internal sealed record ShardRow(int Index, string Name, string? Primary, int Slots, double? Keys, double? Operations, double? Reads, StoreHeatStatus? Heat, bool IsLeaving, IReadOnlyList<StoreMemberStatus> Others)
{
    /// <summary>Hash slots of a cluster; fixed by the protocol of Redis Cluster.</summary>
    public const int AllSlots = 16_384;

    /// <summary>The rows of a store's shards.</summary>
    public static IReadOnlyList<ShardRow> Of(IReadOnlyList<StoreShardStatus> shards)
    {
        var lent = shards.SelectMany(shard => shard.Members ?? []).Where(member => member.LentTo is not null).ToLookup(member => member.LentTo);
        return [.. shards.Select((shard, index) => new ShardRow(
            index, shard.Name, shard.Primary, shard.Slots, shard.Keys, shard.OperationsPerSecond, shard.KeysReadPerSecond, shard.Heat, shard.Leaving == true,
            [.. (shard.Members ?? []).Where(member => member.Name != shard.Primary), .. lent[shard.Name]]))];
    }

    /// <summary>Its hot, warm and cold slots; empty while too little was seen.</summary>
    public string Temperature => Heat is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{Heat.Hot:#,0} / {Heat.Warm:#,0} / {Heat.Cold:#,0}");

    /// <summary>Where a replica is that is not in its own shard, in words; null for one that is.</summary>
    public string? Place(StoreMemberStatus member) => member.LentTo is not { } borrower ? null : borrower == Name ? "borrowed" : $"lent to {borrower}";

    /// <summary>Commands of the busiest shard by those of the mean; null without any.</summary>
    public static double? Skew(IReadOnlyList<ShardRow> shards)
    {
        var known = shards.Where(shard => !shard.IsLeaving).Select(shard => shard.Operations ?? 0).ToArray();
        return known.Length > 0 && known.Sum() > 0 ? known.Max() / known.Average() : null;
    }
}
