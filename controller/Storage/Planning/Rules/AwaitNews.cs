using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A node that has not heard yet who has a slot refuses clients that ask it for one (CLUSTERDOWN), so a store is not called
/// steady before all have heard: after forming that is a round of gossip later than the last slot's first owner.
/// </summary>
internal sealed class AwaitNews : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        var covered = state.Ownership.Covered.Count;
        // A node names one owner of a slot, itself or another, so its slots can be counted.
        return state.Members.Select(node => (node.Member, Missing: covered - node.Slots.Count - node.Peers.Sum(peer => peer.Slots.Count))).FirstOrDefault(node => node.Missing > 0) is { Member: { } member } late
            ? new StorePlan(StorePhase.Waiting, $"{member} has not heard yet who has {late.Missing} of the slots", [])
            : null;
    }
}
