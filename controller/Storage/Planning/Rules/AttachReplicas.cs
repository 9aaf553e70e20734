namespace Ops.Storage.Planning.Rules;

/// <summary>Every member of a shard that has no slots copies the shard's primary.</summary>
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
                if (node.PrimaryId != primary.Id && node.Peer(primary.Id) is not null)
                    steps.Add(new StoreStep.Replicate(node, primary));
            }
        }

        return steps.Count == 0 ? null : new StorePlan(StorePhase.Repairing, $"{steps.Count} members become replicas of their shard's primary", [.. steps]);
    }
}
