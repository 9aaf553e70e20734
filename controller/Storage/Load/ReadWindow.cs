using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Storage.Load;

/// <summary>
/// What each node reads over a sliding window, from the nodes' own counters. A window is of one layout: when a replica changes
/// its primary, a slot its owner or a node its place, it begins anew, since what was read before says little of what will be.
/// In memory only. Not safe for several threads.
/// </summary>
public sealed class ReadWindow
{
    /// <summary>Parts that a window has: what holds in each of them lasts.</summary>
    public const int Parts = 5;

    private readonly Queue<(DateTimeOffset At, ImmutableDictionary<string, long> Counters)> _marks = new();
    private ImmutableArray<(string Member, string Id, StoreAddress Address, string? PrimaryId, SlotSet Slots)> _layout = [];

    /// <summary>Takes a look in. One in which a member is silent is no look: it may answer the next one as before.</summary>
    /// <param name="view">What the nodes said.</param>
    /// <param name="length">The length of the window.</param>
    /// <param name="now">The moment.</param>
    public void Add(StoreView view, TimeSpan length, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(view);
        if (!view.Silent.IsEmpty)
            return;
        ImmutableArray<(string, string, StoreAddress, string?, SlotSet)> layout = [.. view.Nodes.Values.Select(node => (node.Member, node.Id, node.Address, node.PrimaryId, node.Slots))];
        var counters = view.Nodes.ToImmutableDictionary(node => node.Key, node => node.Value.KeysRead);
        if (!layout.SequenceEqual(_layout) || (_marks.Count > 0 && counters.Any(counter => counter.Value < _marks.Last().Counters[counter.Key])))
            _marks.Clear();
        _layout = layout;
        if (_marks.Count > 0 && now - _marks.Last().At < length / Parts)
            return;
        _marks.Enqueue((now, counters));
        if (_marks.Count > Parts + 1)
            _marks.Dequeue();
    }

    /// <summary>Keys read a second by member in each part, oldest first; empty while the window is not full.</summary>
    public ImmutableArray<ImmutableDictionary<string, double>> Rates() => _marks.Count <= Parts
        ? []
        : [.. _marks.Zip(_marks.Skip(1)).Select(part => part.Second.Counters.ToImmutableDictionary(
            counter => counter.Key,
            counter => (counter.Value - part.First.Counters[counter.Key]) / (part.Second.At - part.First.At).TotalSeconds))];
}
