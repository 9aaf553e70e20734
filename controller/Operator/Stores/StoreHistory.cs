using Ops.Api;
using Ops.Storage.Planning;

namespace Ops.Operator.Stores;

/// <summary>What happened to a store: the history shown before, and what this observation and plan add to it. Pure.</summary>
internal static class StoreHistory
{
    private const int Kept = 20;

    // Moves that follow each other this closely are one entry: a scaling of thousands of slots must not push all else out.
    private static readonly TimeSpan OneGo = TimeSpan.FromMinutes(1);

    /// <summary>The history to show, newest first; null when nothing ever happened.</summary>
    internal static IReadOnlyList<StoreEventStatus>? Of(ShardedStoreStatus? before, IReadOnlyList<StoreShardStatus> rows, StorePlan plan, StoreGoal goal, DateTimeOffset now)
    {
        var history = (before?.History ?? []).ToList();
        foreach (var row in rows)
        {
            var last = before?.Shards?.FirstOrDefault(shard => shard.Name == row.Name)?.LastPrimary;
            if (last is not null && row.Primary is { } primary && primary != last)
                history.Insert(0, new() { At = Second(now), Kind = StoreEventKinds.Failover, Shard = row.Name, Message = $"{primary} took the place of {last}" });
        }

        if (plan.Phase == StorePhase.Restarting)
            AddRestart(history, plan.Steps.OfType<StoreStep.Restart>().First().Member, goal, now);
        history.InsertRange(0, LentReplicas.Changes(before?.Shards, rows, now));
        // A move that is finished was counted when it began.
        var moves = plan.Phase == StorePhase.Repairing ? [] : plan.Steps.OfType<StoreStep.MoveSlot>().ToList();
        if (moves.Count > 0)
            AddMoves(history, moves, goal, now);
        return history.Count == 0 ? null : [.. history.Take(Kept)];
    }

    /// <summary>The moment without its fraction, as Kubernetes writes times.</summary>
    internal static DateTime Second(DateTimeOffset moment) => new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);

    // Its pod is seen to end a moment later, and until then the same plan comes again.
    private static void AddRestart(List<StoreEventStatus> history, string member, StoreGoal goal, DateTimeOffset now)
    {
        var entry = new StoreEventStatus { At = Second(now), Kind = StoreEventKinds.Restart, Shard = goal.ShardOf(member), Message = $"{member} hung and started anew" };
        if (!history.Exists(one => one.Kind == entry.Kind && one.Message == entry.Message && entry.At - one.At.ToUniversalTime() <= OneGo))
            history.Insert(0, entry);
    }

    private static void AddMoves(List<StoreEventStatus> history, List<StoreStep.MoveSlot> moves, StoreGoal goal, DateTimeOffset now)
    {
        var going = history.FindIndex(entry => entry.Kind == StoreEventKinds.Moves && Second(now) - (entry.Until ?? entry.At).ToUniversalTime() <= OneGo);
        var before = going < 0 ? new() { At = Second(now), Kind = StoreEventKinds.Moves } : history[going];
        var count = (before.Count ?? 0) + moves.Count;
        var pairs = moves.Select(move => $"{goal.ShardOf(move.From.Member)} to {goal.ShardOf(move.To.Member)}").Distinct().ToList();
        var more = pairs.Count > 3 ? $" and {pairs.Count - 3} more" : "";
        var entry = before with { Until = Second(now), Count = count, Message = $"{count} slots moved, last {string.Join(", ", pairs.Take(3))}{more}" };
        if (going < 0)
            history.Insert(0, entry);
        else
            history[going] = entry;
    }
}
