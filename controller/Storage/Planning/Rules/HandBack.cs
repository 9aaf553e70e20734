using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A lent replica is never elected as long as it says nofailover; one whose process was restarted no longer does until it is
/// sent back, a second later. If just then the shard that it served loses its primary, it may be elected: then a member of
/// that shard takes over in agreement, before anything is built on who belongs where.
/// </summary>
internal sealed class HandBack : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        foreach (var shard in state.Shards.Where(shard => shard.Primary is null && shard.Silent is null))
        {
            if (shard.Nodes.Select(node => Elected(state, shard, node)).FirstOrDefault(owner => owner is not null) is not { } elected)
                continue;
            return shard.Nodes.Where(node => node.PrimaryId == elected.Id && node is { LinkUp: true, Copying: false }).MaxBy(node => node.Offset) is { } successor
                ? new StorePlan(StorePhase.Repairing, $"{successor.Member} takes over from {elected.Member}, which was elected in shard {shard.Goal.Name} and is not of it", [new StoreStep.HandOver(successor, elected)])
                : new StorePlan(StorePhase.Waiting, $"{elected.Member} was elected in shard {shard.Goal.Name} and is not of it; no member of that shard follows it yet", []);
        }

        return null;
    }

    // Whose own shard has nobody else with slots is that shard's primary, and who copies it strays.
    private static NodeView? Elected(StoreState state, ShardState shard, NodeView node) =>
        node.PrimaryId is { } id && state.View.ById(id) is { } owner && !shard.Goal.Members.Contains(owner.Member) && !state.Ownership.Of(id).IsEmpty
        && state.Shards.All(other => other.Primary?.Id != id || other.Nodes.Any(one => one.Id != id && !state.Ownership.Of(one.Id).IsEmpty))
            ? owner
            : null;
}
