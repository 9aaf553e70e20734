using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// Every member of a shard that has no slots copies the shard's primary, but for replicas that are lent and may stay so, and
/// looks for it where it is. A replica of Redis 7 that called its primary failing and then hears of its new address from a
/// third node knows that address from then on, and goes on looking at the old one for ever (found when all pods start anew at
/// once); to be told once more whom to copy ends it.
/// </summary>
internal sealed class AttachReplicas : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        var steps = new List<StoreStep>();
        foreach (var shard in state.Shards)
        {
            if (shard.Primary is not { } primary || shard.Silent is not null)
                continue;
            foreach (var node in shard.Nodes.Where(node => node != primary && state.Ownership.Of(node.Id).IsEmpty))
            {
                // Somebody who has not heard of the primary yet would refuse.
                if (node.Peer(primary.Id) is not { } known || Lending.MayStay(state, shard, node))
                    continue;
                if (node.PrimaryId != primary.Id && state.Goal.EngineElects && Lending.Borrower(state, shard, node) is not null)
                    steps.Add(new StoreStep.Migrate(node, primary));
                else if (node.PrimaryId != primary.Id || LooksElsewhere(node, known))
                    steps.Add(new StoreStep.Replicate(node, primary));
            }
        }

        return steps.Count == 0 ? null : new StorePlan(StorePhase.Repairing, $"{steps.Count} members become replicas of their shard's primary", [.. steps]);
    }

    // Both addresses in the node's own words, so that they differ in nothing but the place.
    internal static bool LooksElsewhere(NodeView node, PeerView primary) => primary.Connected && !node.LinkUp && node.CopiesFrom is { } from && from != primary.Address;
}
