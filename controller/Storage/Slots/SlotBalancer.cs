using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Ops.Storage.Slots;

/// <summary>A shard as the balancer sees it.</summary>
/// <param name="Leaving">Whether all its slots shall go.</param>
/// <param name="Slots">Its slots.</param>
public sealed record ShardLoad(bool Leaving, SlotSet Slots);

/// <summary>One slot to move.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="From">Index of the shard that has it.</param>
/// <param name="To">Index of the shard that gets it.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SlotMove(int Slot, int From, int To);

/// <summary>What the balancer wants.</summary>
/// <param name="Moves">The moves in order.</param>
/// <param name="Skew">Weight of the busiest shard over the mean before them.</param>
/// <param name="HotSlot">A slot that alone outweighs the mean shard and so keeps the skew above its target; null when there is none.</param>
public sealed record SlotBalance(ImmutableArray<SlotMove> Moves, double Skew, int? HotSlot);

/// <summary>
/// Chooses slots to move so that few moves even out the weights.
/// </summary>
/// <remarks>
/// Leaving shards give their slots, heaviest first, each to the lightest shard. Then, while the busiest shard is above
/// target x mean, its heaviest slot that is no heavier than half of its distance to the lightest shard goes there: such a
/// move always narrows the distance, so nothing moves back and forth. Cost: one sort of the slots, n log n with n = 16,384,
/// and a binary search a move.
/// </remarks>
public static class SlotBalancer
{
    /// <summary>Plans moves.</summary>
    /// <param name="shards">At least one that stays.</param>
    /// <param name="weights">Weight by slot, 16,384 entries, each at least 0.</param>
    /// <param name="targetSkew">Busiest over mean at which it stops; at least 1.</param>
    /// <param name="maxBalancing">Most moves for balance.</param>
    /// <param name="maxMoves">Most moves in all.</param>
    public static SlotBalance Plan(ImmutableArray<ShardLoad> shards, ImmutableArray<double> weights, double targetSkew, int maxBalancing, int maxMoves)
    {
        var bins = shards.Select((shard, index) => new Bin(index, shard, weights)).ToArray();
        var staying = bins.Where(bin => !bin.Leaving).ToArray();
        if (staying.Length == 0)
            return new SlotBalance([], 1, null);

        var mean = bins.Sum(bin => bin.Weight) / staying.Length;
        var skew = mean > 0 ? staying.Max(bin => bin.Weight) / mean : 1;
        var moves = ImmutableArray.CreateBuilder<SlotMove>();
        foreach (var leaving in bins.Where(bin => bin.Leaving))
        {
            while (moves.Count < maxMoves && leaving.Count > 0)
                Move(leaving, leaving.Count - 1, staying.MinBy(bin => bin.Weight)!);
        }

        int? hot = null;
        for (var balanced = 0; balanced < maxBalancing && moves.Count < maxMoves; balanced++)
        {
            var busiest = staying.MaxBy(bin => bin.Weight)!;
            var idlest = staying.MinBy(bin => bin.Weight)!;
            if (busiest.Weight <= targetSkew * mean && idlest.Count > 0)
                break;
            var index = busiest.HeaviestUpTo(Math.Min((busiest.Weight - idlest.Weight) / 2, mean));
            if (index < 0 || busiest.Count < 2)
            {
                hot = busiest.Heaviest(weights) is { } slot && weights[slot] > mean ? slot : null;
                break;
            }

            Move(busiest, index, idlest);
        }

        return new SlotBalance(moves.DrainToImmutable(), skew, hot);

        void Move(Bin from, int index, Bin to)
        {
            var slot = from.Take(index, weights);
            to.Put(slot, weights);
            moves.Add(new SlotMove(slot, from.Index, to.Index));
        }
    }

    /// <summary>A shard's slots from the lightest to the heaviest. What was put in stays apart: it is never moved twice.</summary>
    private sealed class Bin
    {
        private readonly List<int> _slots;
        private readonly List<double> _sorted;
        private int _received;

        internal Bin(int index, ShardLoad shard, ImmutableArray<double> weights)
        {
            Index = index;
            Leaving = shard.Leaving;
            _slots = [.. shard.Slots.Enumerate().OrderBy(slot => weights[slot]).ThenBy(slot => slot)];
            _sorted = [.. _slots.Select(slot => weights[slot])];
            Weight = _sorted.Sum();
        }

        internal int Index { get; }

        internal bool Leaving { get; }

        internal double Weight { get; private set; }

        internal int Count => _slots.Count + _received;

        /// <summary>Position of the heaviest slot that weighs at most the limit; -1 when there is none.</summary>
        internal int HeaviestUpTo(double limit)
        {
            var found = _sorted.BinarySearch(limit);
            var index = found >= 0 ? found : ~found - 1;
            while (index + 1 < _sorted.Count && _sorted[index + 1] <= limit)
                index++;
            return index;
        }

        internal int? Heaviest(ImmutableArray<double> weights) => _slots.Count == 0 ? null : _slots.MaxBy(slot => weights[slot]);

        internal int Take(int index, ImmutableArray<double> weights)
        {
            var slot = _slots[index];
            _slots.RemoveAt(index);
            _sorted.RemoveAt(index);
            Weight -= weights[slot];
            return slot;
        }

        internal void Put(int slot, ImmutableArray<double> weights)
        {
            _received++;
            Weight += weights[slot];
        }
    }
}
