using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Ops.Storage.Slots;

/// <summary>A shard as the balancer sees it.</summary>
/// <param name="Leaving">Whether all its slots shall go.</param>
/// <param name="Slots">Its slots.</param>
public sealed record ShardLoad(bool Leaving, SlotSet Slots);

/// <summary>When to move, how far, and at most how much.</summary>
/// <param name="StartSkew">Busiest over mean above which moving begins; at least the target, so that noise around the target moves nothing.</param>
/// <param name="TargetSkew">Busiest over mean at which it stops; at least 1.</param>
/// <param name="MaxBalancing">Most moves for balance.</param>
/// <param name="MaxMoves">Most moves in all.</param>
/// <param name="Resting">Slots that are not moved for balance; they leave a leaving shard all the same.</param>
public sealed record BalanceBounds(double StartSkew, double TargetSkew, int MaxBalancing, int MaxMoves, SlotSet Resting);

/// <summary>One slot to move.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="From">Index of the shard that has it.</param>
/// <param name="To">Index of the shard that gets it.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SlotMove(int Slot, int From, int To);

/// <summary>What the balancer wants.</summary>
/// <param name="Moves">The moves in order.</param>
/// <param name="Skew">Weight of the busiest shard over the mean before them.</param>
/// <param name="Unsplittable">Slots that each outweigh what a shard may carry, heaviest first, at most 8: no placement reaches the target.</param>
public sealed record SlotBalance(ImmutableArray<SlotMove> Moves, double Skew, ImmutableArray<int> Unsplittable);

/// <summary>
/// Chooses slots to move so that few moves even out the weights.
/// </summary>
/// <remarks>
/// Leaving shards give their slots, heaviest first, each to the lightest shard. Then, while a shard is above its limit, its
/// heaviest slot that is no heavier than half of its distance to the lightest shard goes there: such a move always narrows
/// the distance, so nothing moves back and forth. A slot that outweighs a fair share by itself sets the limit of its shard,
/// which gives the rest away only as far as that helps; the others share what is left. Cost: one sort of the slots, n log n
/// with n = 16,384, and a binary search a move.
/// </remarks>
public static class SlotBalancer
{
    private const int MaxUnsplittable = 8;

    /// <summary>Plans moves.</summary>
    /// <param name="shards">At least one that stays.</param>
    /// <param name="weights">Weight by slot, 16,384 entries, each at least 0.</param>
    /// <param name="bounds">When, how far and how much.</param>
    public static SlotBalance Plan(ImmutableArray<ShardLoad> shards, ImmutableArray<double> weights, BalanceBounds bounds)
    {
        ArgumentNullException.ThrowIfNull(bounds);
        var bins = shards.Select((shard, index) => new SlotBin(index, shard, weights, bounds.Resting)).ToArray();
        var staying = bins.Where(bin => !bin.Leaving).ToArray();
        if (staying.Length == 0)
            return new SlotBalance([], 1, []);

        var mean = bins.Sum(bin => bin.Weight) / staying.Length;
        var skew = mean > 0 ? staying.Max(bin => bin.Weight) / mean : 1;
        var moves = ImmutableArray.CreateBuilder<SlotMove>();
        foreach (var leaving in bins.Where(bin => bin.Leaving))
        {
            while (moves.Count < bounds.MaxMoves && leaving.Count > 0)
                moves.Add(leaving.Give(leaving.Movable - 1, staying.MinBy(bin => bin.Weight)!));
        }

        var fair = FairShare(staying);
        if (staying.Any(bin => bin.Count == 0 || bin.Weight > bin.Limit(bounds.StartSkew, fair)))
        {
            for (var balanced = 0; balanced < bounds.MaxBalancing && moves.Count < bounds.MaxMoves && Next(staying, bounds.TargetSkew, fair) is { } move; balanced++)
                moves.Add(move);
        }

        return new SlotBalance(moves.DrainToImmutable(), skew, Unsplittable(shards, weights, bounds.TargetSkew * mean));
    }

    // The mean of the shards that no single slot fills. A slot above it leaves its shard out, and lowers it for the others.
    private static double FairShare(SlotBin[] staying)
    {
        var (rest, shards) = (staying.Sum(bin => bin.Weight), staying.Length);
        foreach (var heaviest in staying.Select(bin => bin.Heaviest).OrderDescending())
        {
            if (shards == 1 || heaviest <= rest / shards)
                break;
            (rest, shards) = (rest - heaviest, shards - 1);
        }

        return rest / shards;
    }

    private static SlotMove? Next(SlotBin[] staying, double target, double fair)
    {
        var idlest = staying.OrderBy(bin => bin.Weight).ThenBy(bin => bin.Count).First();
        foreach (var busy in staying.Where(bin => bin != idlest && bin.Count > 1).OrderByDescending(bin => bin.Weight))
        {
            if (idlest.Count > 0 && busy.Weight <= busy.Limit(target, fair))
                continue;
            if (busy.HeaviestUpTo((busy.Weight - idlest.Weight) / 2) is >= 0 and var index)
                return busy.Give(index, idlest);
        }

        return null;
    }

    private static ImmutableArray<int> Unsplittable(ImmutableArray<ShardLoad> shards, ImmutableArray<double> weights, double limit) =>
        [.. shards.SelectMany(shard => shard.Slots.Enumerate()).Where(slot => weights[slot] > limit).OrderByDescending(slot => weights[slot]).Take(MaxUnsplittable)];
}
