namespace Ops.Storage.Planning.Rules;

/// <summary>
/// Fresh members of a store that is being formed get epochs of their own before they meet, as the engine's own tool does.
/// The engine allows it only to a node that knows nobody, so a repeated start leaves the others alone.
/// </summary>
internal sealed class SpreadEpochs : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        if (state.Goal.Formed)
            return null;
        var steps = state.Members
            .Select((node, index) => (Node: node, Epoch: index + 1L))
            .Where(member => member.Node is { IsFresh: true, Epoch: 0 })
            .Select(member => (StoreStep)new StoreStep.SetEpoch(member.Node, member.Epoch))
            .ToList();
        return steps.Count == 0 ? null : new StorePlan(StorePhase.Forming, $"{steps.Count} fresh members get their epochs", [.. steps]);
    }
}
