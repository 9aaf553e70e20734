using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// Slots leave shards that go, fill shards that are new, and move from busy shards to idle ones within the churn bound.
/// Nothing moves while a slot is served by nobody: moves need both sides, and a repair needs the machines.
/// </summary>
internal sealed class BalanceSlots : IStoreRule
{
    // Without this share of its weight a slot without load would cost nothing, and a new shard would get none of them.
    private const double EvenShare = 0.02;

    // A new shard that is filled by number gets its full share at once; the target decides when a full one is touched again.
    private const double FillingSkew = 1.02;

    // Moving begins at a skew so many times as far from 1 as it ends at: with 1.15 at 1.22.
    private const double Hysteresis = 1.5;
    private const int KeysNamed = 3;
    private const int KeyLength = 40;

    private static readonly ImmutableArray<double> Even = [.. Enumerable.Repeat(1.0 / SlotSet.Slots, SlotSet.Slots)];

    public StorePlan? Next(StoreState state)
    {
        if (state.Ownership.Covered.Equals(SlotSet.All) && state.Shards.FirstOrDefault(shard => !shard.Goal.Leaving && shard.Nodes.IsEmpty && shard.Silent is null) is { } absent)
            return new StorePlan(StorePhase.Waiting, $"no member of shard {absent.Goal.Name} answers yet", []);
        if (!state.Ownership.Covered.Equals(SlotSet.All) || state.Shards.Any(shard => shard.Silent is not null || shard.Primary is null))
            return null;

        var weights = Weights(state);
        var balance = SlotBalancer.Plan([.. state.Shards.Select(shard => new ShardLoad(shard.Goal.Leaving, Slots(state, shard)))], weights ?? Even, Bounds(state.Goal, weights is null));
        if (weights is not null && !balance.Unsplittable.IsEmpty)
            state.Problems.Add(Unsplittable(state, balance.Unsplittable, weights.Value));
        if (balance.Moves.IsEmpty)
            return null;

        // One receiver after the other: a receiver takes a new epoch, and writes it to its disk, each time that another one
        // took a higher one in between.
        var moves = balance.Moves.OrderBy(move => move.To).Select(move => new StoreStep.MoveSlot(move.Slot, Owner(state, move.Slot), state.Shards[move.To].Primary!)).ToList();
        // A key of a slot that moves while a copy is made would be in two shards of it, or in none.
        if (state.Goal.MovesHeld is { } held)
            return new StorePlan(StorePhase.Waiting, held, []);
        if (moves.FirstOrDefault(move => !move.To.Serves) is { } early)
            return new StorePlan(StorePhase.Waiting, $"{early.To.Member} does not serve yet: it still calls the cluster down", []);
        var steps = moves.Where(KnowsEpoch).ToImmutableArray<StoreStep>();
        if (steps.IsEmpty)
            return new StorePlan(StorePhase.Waiting, $"{moves[0].To.Member} has not heard of the epoch of {moves[0].From.Member} yet", []);
        return new StorePlan(StorePhase.Rebalancing, $"the busiest shard carries {balance.Skew:0.00} times the mean, or a shard leaves", steps);
    }

    // A node takes a slot with an epoch above all that it knows. Were the old owner's missing, its next ping would take the
    // slot back while it is just giving it away, and nobody would have it. Epochs of nodes that also receive do not matter
    // here; to wait until everybody had heard of those would be to wait for gossip after every plan.
    private static bool KnowsEpoch(StoreStep.MoveSlot move) => move.To.Peer(move.From.Id)?.Epoch == move.From.Epoch;

    private static BalanceBounds Bounds(StoreGoal goal, bool byNumber)
    {
        // A filled store whose load is not known is left as it is: to place by number what was placed by load, only to take
        // it back when the load is known again, would be all churn.
        var idle = goal.Rebalance == RebalanceMode.Off || (goal.Rebalance == RebalanceMode.Load && goal.Filled && byNumber);
        var target = goal.Filled || !byNumber ? goal.TargetSkew : Math.Min(FillingSkew, goal.TargetSkew);
        var start = byNumber ? target : 1 + (Hysteresis * (target - 1));
        return new(start, target, idle ? 0 : Math.Min(goal.MaxSteps, goal.MovesLeft), goal.MaxSteps, goal.Resting);
    }

    private static StoreProblem Unsplittable(StoreState state, ImmutableArray<int> slots, ImmutableArray<double> weights)
    {
        var fair = weights.Sum() / state.Goal.Shards.Count(shard => !shard.Leaving);
        var slot = slots[0];
        var keys = state.View.HottestKeys.Where(key => key.Slot == slot).Take(KeysNamed).Select(key => Quoted(key.Key)).ToList();
        var named = keys.Count == 0 ? "" : $", most of it for {string.Join(", ", keys)}";
        var others = slots.Length > 1 ? $"; so do {slots.Length - 1} more slots" : "";
        return new("HotSlot", $"slot {slot} alone carries {weights[slot] / fair:0.0} times a shard's fair share{named}{others}. A slot cannot be split: spread its keys over other hash tags.");
    }

    // Keys come from clients: only plain characters of them are repeated, and no more than tell which key it is.
    private static string Quoted(string key)
    {
        var plain = new string([.. key.Take(KeyLength).Select(letter => char.IsAsciiLetterOrDigit(letter) || "-_.:{}/@#".Contains(letter) ? letter : '?')]);
        return $"'{plain}{(key.Length > KeyLength ? "..." : "")}'";
    }

    private static SlotSet Slots(StoreState state, ShardState shard) =>
        shard.Nodes.Aggregate(SlotSet.Empty, (slots, node) => slots.Union(state.Ownership.Of(node.Id)));

    private static NodeView Owner(StoreState state, int slot) => state.Members.First(node => state.Ownership.Of(node.Id).Contains(slot));

    // Null where the load is not known, or not what is asked for.
    private static ImmutableArray<double>? Weights(StoreState state)
    {
        var load = state.View.SlotLoad;
        var total = state.Goal.Rebalance == RebalanceMode.Load && load.Length == SlotSet.Slots ? load.Sum() : 0;
        if (!(total > 0) || !double.IsFinite(total))
            return null;
        return [.. load.Select(one => ((1 - EvenShare) * Math.Max(0, one) / total) + (EvenShare / SlotSet.Slots))];
    }
}
