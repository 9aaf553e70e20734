using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// Nothing is formed over nodes that hold data or know nodes that are not ours: it would merge two clusters or bury data.
/// In a formed store a node that is not ours is reported and left out of everything.
/// </summary>
internal sealed class RefuseForeign : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        var ours = state.View.Nodes.Values.Select(node => node.Id).Concat(state.Goal.Identities.Values).ToHashSet();
        var foreign = state.Members
            .SelectMany(node => node.Peers.Where(peer => !ours.Contains(peer.Id)).Select(peer => (node.Member, Peer: peer)))
            .ToList();
        if (state.Goal.Formed)
        {
            // One that has failed is a ghost of ours; ForgetGhosts sees to it.
            foreach (var (member, peer) in foreign.Where(known => known.Peer is { Connected: true, Failed: false }).DistinctBy(known => known.Peer.Id))
                state.Problems.Add(new StoreProblem("ForeignNode", $"{member} knows node {peer.Id} at {peer.Address}, which is no member of this store; find out who joined it, then let every member forget it."));
            return null;
        }

        if (foreign.Count > 0)
            return Blocked(state, "ForeignNode", $"{foreign[0].Member} already knows node {foreign[0].Peer.Id} at {foreign[0].Peer.Address}, which is no member of this store; give the store empty volumes.");
        // A node is remembered before it is given anything, so keys of one that is not remembered are older than the store.
        var unknown = state.Members.Where(node => state.Goal.Identities.GetValueOrDefault(node.Member) != node.Id).ToList();
        if (unknown.FirstOrDefault(node => !node.Slots.IsEmpty) is { } owner)
            return Blocked(state, "ForeignNode", $"{owner.Member} claims {owner.Slots.Count} slots that this store did not give it; give the store empty volumes.");
        return unknown.FirstOrDefault(node => node.Keys > 0) is { } full
            ? Blocked(state, "ForeignData", $"{full.Member} holds {full.Keys} keys from before this store; give the store empty volumes, or restore the data from a backup.")
            : null;
    }

    private static StorePlan Blocked(StoreState state, string reason, string message)
    {
        state.Problems.Add(new StoreProblem(reason, message));
        return new StorePlan(StorePhase.Blocked, message, []);
    }
}
