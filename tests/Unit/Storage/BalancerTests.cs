using System.Collections.Immutable;
using CsCheck;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

/// <summary>Which slots are moved, and above all which are not.</summary>
public sealed class BalancerTests
{
    [Fact]
    public void Balancing_stops_at_the_target_and_never_moves_a_slot_twice() =>
        Gen.Select(Gen.Int[2, 8], Gen.Double[0, 1].Array[SlotSet.Slots], Gen.Double[1.05, 1.5]).Sample(
            (count, weights, target) =>
            {
                // All on the first shard, the rest empty.
                var shards = Enumerable.Range(0, count).Select(shard => new ShardLoad(false, shard == 0 ? SlotSet.All : SlotSet.Empty));
                var balance = SlotBalancer.Plan([.. shards], [.. weights], new(target, target, SlotSet.Slots, SlotSet.Slots, SlotSet.Empty));
                balance.Moves.Select(move => move.Slot).ShouldBeUnique();
                var by = new double[count];
                by[0] = weights.Sum();
                foreach (var (slot, from, to) in balance.Moves)
                    (by[from], by[to]) = (by[from] - weights[slot], by[to] + weights[slot]);
                by.Max().ShouldBeLessThanOrEqualTo(target * by.Average() + 1e-9);
            },
            iter: 20);

    [Fact]
    public void A_balanced_ring_is_left_alone_whatever_the_weights_and_no_plan_undoes_the_one_before() =>
        Rings().Sample(
            (shards, weights) =>
            {
                var bounds = new BalanceBounds(1.2, 1.1, 200, 200, SlotSet.Empty);
                var last = double.MaxValue;
                var moved = new List<int>();
                for (var plan = 0; plan < 40; plan++)
                {
                    var balance = SlotBalancer.Plan(shards, weights, bounds);
                    var heaviest = shards.Max(shard => shard.Slots.Enumerate().Sum(slot => weights[slot]));
                    heaviest.ShouldBeLessThanOrEqualTo(last + 1e-9, "a plan made the busiest shard busier");
                    if (balance.Moves.IsEmpty)
                    {
                        moved.Count.ShouldBe(moved.Distinct().Count(), "a slot was moved twice under the same weights");
                        return;
                    }

                    last = heaviest;
                    moved.AddRange(balance.Moves.Select(move => move.Slot));
                    shards = Apply(shards, balance.Moves);
                }

                Assert.Fail("no rest after 40 plans of 200 moves");
            },
            iter: 15);

    [Fact]
    public void Slots_that_rest_are_not_moved_for_balance_but_leave_a_leaving_shard() =>
        Gen.Select(Rings(), Gen.Int[0, SlotSet.Slots - 1].Array[500]).Sample(
            (ring, rest) =>
            {
                var (shards, weights) = ring;
                var resting = SlotSet.Of(rest);
                var bounds = new BalanceBounds(1.1, 1.05, 500, SlotSet.Slots, resting);
                SlotBalancer.Plan(shards, weights, bounds).Moves.ShouldAllBe(move => !resting.Contains(move.Slot));
                var leaving = shards.SetItem(0, shards[0] with { Leaving = true });
                var moves = SlotBalancer.Plan(leaving, weights, bounds).Moves;
                Apply(leaving, moves)[0].Slots.IsEmpty.ShouldBeTrue();
                moves.ShouldAllBe(move => move.To != 0);
            },
            iter: 20);

    [Fact]
    public void A_slot_that_outweighs_a_shard_is_named_and_not_shuffled_around()
    {
        var weights = Enumerable.Repeat(0.0001, SlotSet.Slots).ToArray();
        weights[77] = 100;
        ShardLoad[] shards = [new(false, SlotSet.Of([77])), new(false, SlotSet.Range(0, 16_383).Except(SlotSet.Of([77])))];

        var balance = SlotBalancer.Plan([.. shards], [.. weights], new(1.15, 1.15, 16, 16, SlotSet.Empty));

        balance.Unsplittable.ShouldBe([77]);
        balance.Moves.ShouldBeEmpty();
    }

    [Fact]
    public void Beside_a_slot_that_fills_its_shard_the_others_are_balanced_by_what_is_left()
    {
        // 60 for one slot, 40 for the others together, of which its own shard holds a third: 13 more than it should.
        var weights = Enumerable.Repeat(40.0 / SlotSet.Slots, SlotSet.Slots).ToArray();
        weights[0] = 60;
        ImmutableArray<ShardLoad> shards = [new(false, SlotSet.Range(0, 5_460)), new(false, SlotSet.Range(5_461, 10_921)), new(false, SlotSet.Range(10_922, 16_383))];

        var balance = SlotBalancer.Plan(shards, [.. weights], new(1.15, 1.15, SlotSet.Slots, SlotSet.Slots, SlotSet.Empty));

        balance.Unsplittable.ShouldBe([0]);
        balance.Moves.ShouldAllBe(move => move.From == 0 && move.Slot != 0);
        var after = Apply(shards, balance.Moves).Select(shard => shard.Slots.Enumerate().Sum(slot => weights[slot])).ToList();
        after[0].ShouldBe(60 * 1.15, tolerance: 0.01);
        (after[1] / after[2]).ShouldBe(1, tolerance: 0.01);
    }

    [Fact]
    public void A_hot_set_in_one_shard_is_spread_by_a_few_moves()
    {
        // Zipf 1.1 over the slots, hottest first in the first shard.
        var weights = Enumerable.Range(1, SlotSet.Slots).Select(rank => Math.Pow(rank, -1.1)).ToImmutableArray();
        ImmutableArray<ShardLoad> shards = [new(false, SlotSet.Range(0, 5_460)), new(false, SlotSet.Range(5_461, 10_921)), new(false, SlotSet.Range(10_922, 16_383))];

        var balance = SlotBalancer.Plan(shards, weights, new(1.15, 1.15, 64, 64, SlotSet.Empty));

        var loads = Apply(shards, balance.Moves).Select(shard => shard.Slots.Enumerate().Sum(slot => weights[slot])).ToList();
        (loads.Max() / loads.Average()).ShouldBeLessThanOrEqualTo(1.15);
        // Two thirds of the load have to leave, and it takes the 40 heaviest slots to make that up.
        balance.Moves.Length.ShouldBeLessThan(60);
    }

    // 2 to 6 shards with slots dealt out at random, and weights with a heavy tail: a few slots carry most of it.
    private static Gen<(ImmutableArray<ShardLoad> Shards, ImmutableArray<double> Weights)> Rings() =>
        Gen.Select(Gen.Int[2, 6], Gen.Int[0, 1_000_000], Gen.Double[0, 1].Array[SlotSet.Slots], Gen.Double[1, 60]).Select((count, seed, draws, tail) => (
            Enumerable.Range(0, count).Select(shard => new ShardLoad(false, SlotSet.Of(Enumerable.Range(0, SlotSet.Slots).Where(slot => (slot * 7_919L + seed) / 64 % count == shard)))).ToImmutableArray(),
            draws.Select(draw => Math.Pow(draw, tail)).ToImmutableArray()));

    private static ImmutableArray<ShardLoad> Apply(ImmutableArray<ShardLoad> shards, IReadOnlyCollection<SlotMove> moves) =>
    [
        .. shards.Select((shard, index) => shard with
        {
            Slots = shard.Slots
                .Except(SlotSet.Of(moves.Where(move => move.From == index).Select(move => move.Slot)))
                .Union(SlotSet.Of(moves.Where(move => move.To == index).Select(move => move.Slot))),
        }),
    ];
}
