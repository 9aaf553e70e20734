using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A member that is in its own shard and not elected there was lent: it is elected again as soon as it follows. Not before: a
/// replica that has just come has the keys of another shard, and the engine's election does not ask for that.
/// </summary>
internal sealed class RestoreFailover : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        var back = state.Shards.SelectMany(shard => Lending.AtHome(shard).Append<NodeView?>(shard.Primary)).Where(node => node is { NoFailover: true }).Select(node => node!).ToList();
        return back.Count == 0
            ? null
            : new StorePlan(StorePhase.Repairing, $"{string.Join(", ", back.Select(node => node.Member))} may be elected again", [.. back.Select(node => new StoreStep.AllowFailover(node))]);
    }
}
