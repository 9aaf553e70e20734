using System.Collections.Immutable;

namespace Ops.Storage.Slots;

/// <summary>A shard while moves are planned: its slots that may move from the lightest to the heaviest. What was put in stays apart: it is never moved twice.</summary>
internal sealed class SlotBin
{
    private readonly List<int> _slots;
    private readonly List<double> _sorted;
    private readonly ImmutableArray<double> _weights;
    private int _fixed;
    private double _heaviestFixed;

    internal SlotBin(int index, ShardLoad shard, ImmutableArray<double> weights, SlotSet resting)
    {
        Index = index;
        Leaving = shard.Leaving;
        _weights = weights;
        var movable = shard.Leaving ? shard.Slots : shard.Slots.Except(resting);
        _slots = [.. movable.Enumerate().OrderBy(slot => weights[slot]).ThenBy(slot => slot)];
        _sorted = [.. _slots.Select(slot => weights[slot])];
        Weight = _sorted.Sum();
        foreach (var slot in shard.Slots.Except(movable).Enumerate())
            Put(slot);
    }

    internal int Index { get; }

    internal bool Leaving { get; }

    internal double Weight { get; private set; }

    internal int Count => _slots.Count + _fixed;

    internal int Movable => _slots.Count;

    internal double Heaviest => Math.Max(_heaviestFixed, _sorted.Count > 0 ? _sorted[^1] : 0);

    /// <summary>What the shard may carry: so many times the fair share, or its heaviest slot where that is more already.</summary>
    internal double Limit(double skew, double fair) => skew * Math.Max(fair, Heaviest);

    /// <summary>Position of the heaviest slot that weighs at most the limit; -1 when there is none.</summary>
    internal int HeaviestUpTo(double limit)
    {
        var found = _sorted.BinarySearch(limit);
        var index = found >= 0 ? found : ~found - 1;
        while (index + 1 < _sorted.Count && _sorted[index + 1] <= limit)
            index++;
        return index;
    }

    internal SlotMove Give(int index, SlotBin to)
    {
        var slot = _slots[index];
        _slots.RemoveAt(index);
        _sorted.RemoveAt(index);
        Weight -= _weights[slot];
        to.Put(slot);
        return new SlotMove(slot, Index, to.Index);
    }

    private void Put(int slot)
    {
        _fixed++;
        _heaviestFixed = Math.Max(_heaviestFixed, _weights[slot]);
        Weight += _weights[slot];
    }
}
