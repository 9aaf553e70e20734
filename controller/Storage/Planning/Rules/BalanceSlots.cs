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
    private const double EvenShare = 0.1;

    public StorePlan? Next(StoreState state)
    {
        if (state.Ownership.Covered.Equals(SlotSet.All) && state.Shards.FirstOrDefault(shard => !shard.Goal.Leaving && shard.Nodes.IsEmpty && shard.Silent is null) is { } absent)
            return new StorePlan(StorePhase.Waiting, $"no member of shard {absent.Goal.Name} answers yet", []);
        if (!state.Ownership.Covered.Equals(SlotSet.All) || state.Shards.Any(shard => shard.Silent is not null || shard.Primary is null))
            return null;

        var shards = state.Shards.Select(shard => new ShardLoad(shard.Goal.Leaving, Slots(state, shard))).ToImmutableArray();
        var balance = SlotBalancer.Plan(
            shards,
            Weights(state),
            state.Goal.TargetSkew,
            state.Goal.Rebalance == RebalanceMode.Off ? 0 : Math.Min(state.Goal.MaxSteps, state.Goal.MovesLeft),
            state.Goal.MaxSteps);
        if (balance.HotSlot is { } hot)
            state.Problems.Add(new StoreProblem("HotSlot", $"slot {hot} alone carries more than a shard's fair share, and a slot cannot be split; spread its keys over other hash tags."));
        if (balance.Moves.IsEmpty)
            return null;

        var moves = balance.Moves.Select(move => new StoreStep.MoveSlot(move.Slot, Owner(state, move.Slot), state.Shards[move.To].Primary!)).ToList();
        var steps = moves.Where(KnowsEpoch).ToImmutableArray<StoreStep>();
        if (steps.IsEmpty)
            return new StorePlan(StorePhase.Waiting, $"{moves[0].To.Member} has not heard of the epoch of {moves[0].From.Member} yet", []);
        return new StorePlan(StorePhase.Rebalancing, $"the busiest shard carries {balance.Skew:0.00} times the mean, or a shard leaves", steps);
    }

    // A node takes a slot with an epoch above all that it knows. Were the old owner's missing, its next ping would take the
    // slot back while it is just giving it away, and nobody would have it. Epochs of nodes that also receive do not matter
    // here; to wait until everybody had heard of those would be to wait for gossip after every plan.
    private static bool KnowsEpoch(StoreStep.MoveSlot move) => move.To.Peer(move.From.Id)?.Epoch == move.From.Epoch;

    private static SlotSet Slots(StoreState state, ShardState shard) =>
        shard.Nodes.Aggregate(SlotSet.Empty, (slots, node) => slots.Union(state.Ownership.Of(node.Id)));

    private static NodeView Owner(StoreState state, int slot) => state.Members.First(node => state.Ownership.Of(node.Id).Contains(slot));

    private static ImmutableArray<double> Weights(StoreState state)
    {
        var load = state.View.SlotLoad;
        var total = state.Goal.Rebalance == RebalanceMode.Load && load.Length == SlotSet.Slots ? load.Sum() : 0;
        if (!(total > 0) || !double.IsFinite(total))
            return [.. Enumerable.Repeat(1.0 / SlotSet.Slots, SlotSet.Slots)];
        return [.. load.Select(one => (1 - EvenShare) * Math.Max(0, one) / total + EvenShare / SlotSet.Slots)];
    }
}
