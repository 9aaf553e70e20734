using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// Members of an older template start anew, one at a time: the replicas of all shards, then in each shard a replica takes over
/// in agreement with the primary, then the old primary. The next one waits until the last one is back in step, so an upgrade
/// that does not come up stops at its first member.
/// </summary>
internal sealed class RollUpgrade : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        var shards = state.Shards.Where(shard => !shard.Goal.Leaving).ToList();
        var left = shards.SelectMany(shard => shard.Goal.Members).Count(state.Goal.Outdated.Contains);
        if (left == 0)
            return null;
        if (ReplaceDown.Plan(state) is { } replaced)
            return replaced;
        if (shards.Select(shard => Missing(state, shard)).FirstOrDefault(missing => missing is not null) is { } wait)
            return Upgrade($"the upgrade waits, {left} members still to be done: {wait}; nothing else is restarted before");

        var replica = shards.SelectMany(shard => shard.Nodes.Where(node => node != shard.Primary))
            .Where(node => state.Goal.Outdated.Contains(node.Member))
            // One that is out of step serves nobody meanwhile.
            .OrderBy(node => node.LinkUp)
            .FirstOrDefault();
        if (replica is not null)
            return Upgrade($"replica {replica.Member} starts anew, {left} members still to be done", new StoreStep.Restart(replica.Member));

        var next = shards.First(shard => state.Goal.Outdated.Contains(shard.Primary!.Member));
        return Successor(next) is { } successor
            ? Upgrade($"{successor.Member} takes over from {next.Primary!.Member}, which starts anew after that", new StoreStep.HandOver(successor, next.Primary))
            : Upgrade($"{next.Primary!.Member} starts anew: shard {next.Goal.Name} has no replica, so nobody serves its slots until it is back", new StoreStep.Restart(next.Primary.Member));
    }

    private static StorePlan Upgrade(string reason, params StoreStep[] steps) => new(StorePhase.Upgrading, reason, [.. steps]);

    private static NodeView? Successor(ShardState shard) => shard.Nodes.Where(node => node != shard.Primary).MaxBy(node => node.Offset);

    // What a shard lacks to do without one more member; null for nothing.
    private static string? Missing(StoreState state, ShardState shard)
    {
        if (shard.Silent is { } silent)
            return $"{silent.Member} does not answer";
        if (shard.Primary is not { } primary)
            return $"shard {shard.Goal.Name} has no primary that answers";
        if (!primary.Serves)
            return $"{primary.Member} does not serve yet";
        foreach (var member in shard.Goal.Members.Where(member => member != primary.Member))
        {
            if (!state.View.Nodes.TryGetValue(member, out var node))
                return $"{member} does not answer";
            // It would lose that mark, and could be elected with what it has of the shard that it was lent to.
            if (node.NoFailover)
                return $"{member} was lent, and has not copied {primary.Member} yet";
            // A replica that is still to be done does not have to be in step to start anew; with it out of step, who else is?
            if ((node.PrimaryId != primary.Id || !node.LinkUp) && !state.Goal.Outdated.Contains(member))
                return $"{member} does not follow {primary.Member} yet";
        }

        return null;
    }
}
