using k8s.Models;
using Ops.Api;
using Ops.Planning;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Operator.Stores;

/// <summary>Everything that a store's status is made from.</summary>
/// <param name="Store">The store with its present status.</param>
/// <param name="Goal">How it shall be.</param>
/// <param name="View">What its nodes said.</param>
/// <param name="Plan">What is done next.</param>
/// <param name="Memory">What has to be remembered.</param>
/// <param name="Trouble">Why its objects cannot be had; null when they can.</param>
/// <param name="PodTrouble">Why a pod cannot serve, or else a user is not in force; null for neither. The store may go on without it.</param>
/// <param name="FreshNumbers">Whether keys, rates and lags may be shown anew; else those shown stay.</param>
/// <param name="Load">How the load lies on the slots; null while too little was seen, or when those shown stay.</param>
/// <param name="Now">The moment.</param>
internal sealed record StoreObservation(
    ShardedStore Store, StoreGoal Goal, StoreView View, StorePlan Plan, StoreMemory Memory, PlanProblem? Trouble, PlanProblem? PodTrouble, bool FreshNumbers, LoadReport? Load, DateTimeOffset Now)
{
    /// <summary>Its backups and its restore.</summary>
    public CopyState Copies { get; init; } = CopyState.Nothing;

    /// <summary>Its users.</summary>
    public UsersState Users { get; init; } = UsersState.Nothing;
}

/// <summary>What is seen of a store -> its status. Pure; the previous status is part of the input.</summary>
internal static class StoreStatusPlanner
{
    // Fewer bytes are what is always on its way on a healthy link.
    private const long LagWorthShowing = 4_096;
    private const int MaxReasonLength = 1_024;

    /// <summary>The status to show.</summary>
    internal static ShardedStoreStatus Plan(StoreObservation seen)
    {
        var (store, plan) = (seen.Store, seen.Plan);
        var before = store.Status;
        var believed = Belief.Of(seen.View, seen.Memory.Formed, seen.Memory.Identities.Values).View;
        var ownership = Ownership.Of(believed);
        var rows = LentReplicas.Counted(seen, [.. seen.Goal.Shards.Select(shard => Row(seen, believed, shard, ownership, before?.Shards?.FirstOrDefault(row => row.Name == shard.Name)))]);
        var replicas = rows.SelectMany(row => row.Members ?? []).Count(member => member.InSync == true);
        var wanted = seen.Goal.Shards.Sum(shard => shard.Members.Length - 1);
        var window = StoreGoals.Window(store, seen.Now);
        var moves = plan.Phase == StorePhase.Rebalancing && !StoreGoals.IsFilling(store) && !seen.Goal.Shards.Any(shard => shard.Leaving)
            ? plan.Steps.OfType<StoreStep.MoveSlot>().Count()
            : 0;
        var refused = believed.Nodes.Values.Where(node => !node.Serves).Sum(node => ownership.Of(node.Id).Count);
        var covered = rows.Sum(row => row.Slots) - refused;
        return new()
        {
            ObservedGeneration = store.Metadata.Generation,
            Formed = seen.Memory.Formed,
            Phase = seen.Trouble is null ? plan.Phase.ToString() : nameof(StorePhase.Blocked),
            Reason = Cut(seen.Trouble?.Message ?? plan.Reason),
            SlotsCovered = covered,
            ReplicasInSync = $"{replicas}/{wanted}",
            ReplicasLent = LentReplicas.Words(rows),
            BalancedShards = plan.Phase == StorePhase.Steady && rows.All(row => row.Slots > 0) ? store.Spec.EffectiveShards : Math.Min(before?.BalancedShards ?? 0, store.Spec.EffectiveShards),
            Moves = window.Moves + moves,
            MovesSince = window.Moves + moves == 0 ? null : StoreHistory.Second(window.Since),
            TakeoverToken = plan.Problems.Any(problem => problem.Reason == "QuorumLost") ? StoreGoals.TakeoverToken(seen.Goal, seen.View) : null,
            Load = seen.FreshNumbers ? StoreLoadPlanner.Of(seen.Load, [.. seen.Goal.Shards.Where(shard => !shard.Leaving).Select(shard => (shard.Name, Slots(believed, shard, ownership)))], before?.Load) : before?.Load,
            Migrations = Migrations(seen),
            History = StoreHistory.Of(before, rows, plan, seen.Goal, seen.Now),
            Backup = seen.Copies.Backup,
            Restore = seen.Copies.Restore,
            Users = UserConditions.Rows(store, seen.Users, seen.Goal.Members.Count()),
            Shards = rows,
            Conditions = Conditions.Merge(before?.Conditions, StoreConditions.Of(seen, rows, covered, replicas, wanted), store.Metadata.Generation, seen.Now),
        };
    }

    private static StoreShardStatus Row(StoreObservation seen, StoreView believed, ShardGoal shard, Ownership ownership, StoreShardStatus? before)
    {
        var nodes = shard.Members.Where(believed.Nodes.ContainsKey).Select(member => believed.Nodes[member]).ToList();
        var primary = nodes.Where(node => !ownership.Of(node.Id).IsEmpty).MaxBy(node => ownership.Of(node.Id).Count);
        var slots = Slots(believed, shard, ownership);
        return new()
        {
            Name = shard.Name,
            Primary = primary?.Member,
            LastPrimary = primary?.Member ?? before?.LastPrimary,
            Slots = slots.Count,
            SlotRanges = slots.IsEmpty ? null : slots.ToString(),
            Keys = seen.FreshNumbers ? Steady.Number(before?.Keys, primary?.Keys) : before?.Keys,
            OperationsPerSecond = seen.FreshNumbers ? Steady.Number(before?.OperationsPerSecond, nodes.Sum(node => node.OperationsPerSecond)) : before?.OperationsPerSecond,
            KeysReadPerSecond = before?.KeysReadPerSecond,
            Heat = seen.FreshNumbers ? StoreLoadPlanner.Heat(seen.Load?.Heat, slots) : before?.Heat,
            Leaving = shard.Leaving ? true : null,
            Members = [.. shard.Members.Select(member => Member(seen, believed, shard.Name, member, primary, before?.Members?.FirstOrDefault(row => row.Name == member)))],
        };
    }

    private static StoreMemberStatus Member(StoreObservation seen, StoreView believed, string shard, string member, NodeView? primary, StoreMemberStatus? before)
    {
        var copy = seen.Memory.Copies.GetValueOrDefault(member);
        var row = new StoreMemberStatus { Name = member, NodeId = seen.Memory.Identities.GetValueOrDefault(member), CopyOf = copy?.Of, CopyOffset = copy?.Offset };
        if (!believed.Nodes.TryGetValue(member, out var node))
            return row with { LentTo = before?.LentTo, Role = seen.View.Nodes.ContainsKey(member) || seen.View.Nonsense.ContainsKey(member) ? "doubted" : "silent" };
        if (node.IsPrimary)
            return row with { Role = "primary" };
        var borrower = LentReplicas.Borrower(seen, shard, node);
        primary = borrower is null ? primary : believed.ById(node.PrimaryId!);
        var lag = primary is null ? 0 : primary.Offset - node.Offset;
        return row with
        {
            Role = "replica",
            LentTo = borrower,
            InSync = primary is not null && node.PrimaryId == primary.Id && node.LinkUp,
            LagBytes = seen.FreshNumbers ? Steady.Number(before?.LagBytes, lag < LagWorthShowing ? 0 : lag) : before?.LagBytes,
        };
    }

    private static SlotSet Slots(StoreView view, ShardGoal shard, Ownership ownership) => shard.Members
        .Where(view.Nodes.ContainsKey)
        .Aggregate(SlotSet.Empty, (all, member) => all.Union(ownership.Of(view.Nodes[member].Id)));

    private static List<StoreMigrationStatus>? Migrations(StoreObservation seen)
    {
        var moves = seen.Trouble is null && !seen.Store.Spec.Suspend ? seen.Plan.Steps.OfType<StoreStep.MoveSlot>() : [];
        var pairs = moves
            .GroupBy(move => (From: seen.Goal.ShardOf(move.From.Member), To: seen.Goal.ShardOf(move.To.Member)))
            .Select(pair => new StoreMigrationStatus { From = pair.Key.From, To = pair.Key.To, Slots = SlotSet.Of(pair.Select(move => move.Slot)).ToString() })
            .ToList();
        return pairs.Count == 0 ? null : pairs;
    }

    private static string Cut(string text) => text.Length <= MaxReasonLength ? text : text[..MaxReasonLength];
}
