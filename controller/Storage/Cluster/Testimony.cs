using System.Collections.Immutable;
using System.Globalization;
using Ops.Storage.Slots;

namespace Ops.Storage.Cluster;

/// <summary>
/// Tells which nodes that answered are not to be believed. One word against another is settled by the primaries: a claim on
/// slots holds when at least half of them know it. The engine's own rule, that the higher epoch wins, would hand a whole
/// store to the first node that invents one; it still decides where the primaries are split.
/// </summary>
/// <remarks>
/// It holds as long as more than half of the primaries that answer are honest. A claim that is true and new (a promotion, a
/// move) is known by all within a second or two, so a contradiction is given <see cref="Belief.Patience"/> to end.
/// </remarks>
internal static class Testimony
{
    // An epoch grows by one with each failover and each moved slot. So many cannot happen between two rounds of gossip.
    private const long EpochsAhead = 1 << 20;

    /// <summary>The nodes of a formed store that are not believed, each with what is wrong with its word.</summary>
    internal static ImmutableArray<Disbelief> Of(StoreView view, IEnumerable<string> remembered)
    {
        var strangers = Family.Strangers(view, remembered);
        var found = strangers.Select(node => new Disbelief(node, "ForeignNode", $"{node.Member} belongs to another cluster (it knows {node.Peers[0].Id}, which this store does not)")).ToList();
        var rest = view.Nodes.Values.Except(strangers).ToList();
        var voters = rest.Where(node => node.IsPrimary && !node.Peers.IsEmpty).ToDictionary(node => node, node => node.Peers.DistinctBy(peer => peer.Id).ToImmutableDictionary(peer => peer.Id));
        var answered = view.Nodes.Values.Select(node => node.Id).ToHashSet();
        var doubles = Doubles(rest);
        found.AddRange(rest
            .Select(node => doubles.Contains(node) ? Lie(node, $"answers with the node id {node.Id} of another member") : Implausible(node, voters.Keys) ?? Contradicted(node, voters, answered))
            .OfType<Disbelief>());
        return [.. found];
    }

    // Of two members with one id (a copied volume) the real one is where the other nodes find it.
    private static HashSet<NodeView> Doubles(List<NodeView> nodes)
    {
        var doubles = new HashSet<NodeView>();
        foreach (var same in nodes.GroupBy(node => node.Id).Where(same => same.Count() > 1))
        {
            var known = same.Where(node => nodes.Any(other => other.Id != node.Id && other.Peer(node.Id) is { Connected: true } peer && peer.Address == node.Address)).ToList();
            doubles.UnionWith(same.Where(node => known.Count != 1 || node != known[0]));
        }

        return doubles;
    }

    // What no node of the engine says of itself.
    private static Disbelief? Implausible(NodeView node, IEnumerable<NodeView> voters)
    {
        if (node.PrimaryId is not null && !node.Slots.IsEmpty)
            return Lie(node, $"calls itself a replica and claims {Brief(node.Slots)}");
        if (node.PrimaryId == node.Id)
            return Lie(node, "calls itself a replica of itself");
        var others = voters.Where(voter => voter != node).ToList();
        if (others.Count == 0)
            return null;
        var highest = others.Max(voter => voter.Peers.Select(peer => peer.Epoch).Append(voter.Epoch).Max());
        return node.Epoch - highest > EpochsAhead
            ? Lie(node, string.Create(CultureInfo.InvariantCulture, $"reports epoch {node.Epoch}, while nobody else has heard of one above {highest}"))
            : null;
    }

    private static Disbelief? Contradicted(NodeView node, Dictionary<NodeView, ImmutableDictionary<string, PeerView>> voters, HashSet<string> answered)
    {
        var others = voters.Where(voter => voter.Key != node).Select(voter => voter.Value).ToList();
        var known = others.Count(peers => peers.ContainsKey(node.Id)) * 2 >= others.Count;
        if (!known && (!node.Slots.IsEmpty || !node.Migrating.IsEmpty || !node.Importing.IsEmpty))
            return Lie(node, node.Slots.IsEmpty ? "has slots on their way although the others do not know it" : $"claims {Brief(node.Slots)} although the others do not know it");

        var confirming = others.Select(peers => Confirmed(node, peers, answered)).ToList();
        var needed = ((voters.Count + 1) / 2) - (voters.ContainsKey(node) ? 1 : 0);
        if (node.Slots.IsEmpty || confirming.Count(slots => node.Slots.Except(slots).IsEmpty) >= needed)
            return null;
        var denied = SlotSet.Of(node.Slots.Enumerate().Where(slot => confirming.Count(slots => slots.Contains(slot)) < needed));
        return denied.IsEmpty ? null : Lie(node, $"claims {Brief(denied)}, which most primaries know with another owner or with none") with { Denied = denied };
    }

    // The slots of a primary that is silent may be claimed by its replica: that is a promotion of which not all have heard.
    private static SlotSet Confirmed(NodeView node, ImmutableDictionary<string, PeerView> peers, HashSet<string> answered)
    {
        if (!peers.TryGetValue(node.Id, out var peer))
            return SlotSet.Empty;
        return peer.PrimaryId is { } old && !answered.Contains(old) && peers.TryGetValue(old, out var primary) ? peer.Slots.Union(primary.Slots) : peer.Slots;
    }

    private static Disbelief Lie(NodeView node, string words) => new(node, "NotBelieved", $"{node.Member} {words}");

    private static string Brief(SlotSet slots)
    {
        var (first, last) = slots.Ranges()[0];
        return slots.Count == 1 ? $"slot {first}" : $"{slots.Count} slots (from {first}-{last})";
    }
}

/// <summary>A node that is not believed.</summary>
/// <param name="Node">What it said.</param>
/// <param name="Reason">One word for conditions: ForeignNode or NotBelieved.</param>
/// <param name="Message">What it said that is not believed.</param>
internal sealed record Disbelief(NodeView Node, string Reason, string Message)
{
    /// <summary>Slots that a node which the others know claims against their word; empty where the node as such is in doubt.</summary>
    public SlotSet Denied { get; init; } = SlotSet.Empty;

    /// <summary>Whether it may be no more than news that has not got round.</summary>
    public bool MaySettle => !Denied.IsEmpty;
}
