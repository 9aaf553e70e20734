using Ops.Api;
using Ops.Planning;
using Ops.Storage.Cluster;

namespace Ops.Operator.Stores;

/// <summary>Replicas that serve the reads of another shard, as a store's status shows them. Pure.</summary>
internal static class LentReplicas
{
    private const int MaxLength = 512;

    /// <summary>The shard that a member's node is lent to; null for one that is not.</summary>
    internal static string? Borrower(StoreObservation seen, string own, NodeView node)
    {
        // The primary that it copies may be silent now.
        if (!node.NoFailover || seen.Memory.Identities.FirstOrDefault(known => known.Value == node.PrimaryId).Key is not { } primary)
            return null;
        return seen.Goal.ShardOf(primary) is { Length: > 0 } shard && shard != own ? shard : null;
    }

    /// <summary>The rows with how many replicas each shard has, and what its nodes read.</summary>
    internal static List<StoreShardStatus> Counted(StoreObservation seen, IReadOnlyList<StoreShardStatus> rows) => [.. rows.Select(row => row with
    {
        Replicas = (row.Members ?? []).Count(member => member.LentTo is null) - 1 + Guests(rows, row.Name).Count(),
        KeysReadPerSecond = seen.FreshNumbers ? Steady.Number(row.KeysReadPerSecond, Read(seen, rows, row)) : row.KeysReadPerSecond,
    })];

    /// <summary>Members of other shards that are lent to this one.</summary>
    internal static IEnumerable<StoreMemberStatus> Guests(IEnumerable<StoreShardStatus> rows, string shard) =>
        rows.SelectMany(row => row.Members ?? []).Where(member => member.LentTo == shard);

    /// <summary>Who is lent to whom; null for nobody.</summary>
    internal static string? Words(IEnumerable<StoreShardStatus> rows)
    {
        var words = string.Join(", ", rows.SelectMany(row => row.Members ?? []).Where(member => member.LentTo is not null).Select(member => $"{member.Name} to {member.LentTo}"));
        return words.Length switch { 0 => null, > MaxLength => words[..MaxLength], _ => words };
    }

    /// <summary>What changed since the rows before, for the history.</summary>
    internal static IEnumerable<StoreEventStatus> Changes(IReadOnlyList<StoreShardStatus>? before, IReadOnlyList<StoreShardStatus> rows, DateTimeOffset now)
    {
        foreach (var row in rows)
        {
            var known = before?.FirstOrDefault(shard => shard.Name == row.Name)?.Members ?? [];
            foreach (var member in row.Members ?? [])
            {
                if (known.FirstOrDefault(one => one.Name == member.Name) is not { } was || was.LentTo == member.LentTo)
                    continue;
                var message = member.LentTo is { } to ? $"{member.Name} was lent to shard {to}" : $"{member.Name} went back from shard {was.LentTo}";
                yield return new() { At = StoreHistory.Second(now), Kind = StoreEventKinds.Lending, Shard = row.Name, Message = message };
            }
        }
    }

    // The newest part of the window; a shard whose primary is not known serves no reads that could be counted.
    private static double? Read(StoreObservation seen, IReadOnlyList<StoreShardStatus> rows, StoreShardStatus row)
    {
        if (seen.View.Reads is not [.., var newest])
            return null;
        return (row.Members ?? []).Where(member => member.LentTo is null).Concat(Guests(rows, row.Name)).Sum(member => newest.GetValueOrDefault(member.Name));
    }
}
