namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A store is formed only when all its members answer: one that is missing might hold slots and data. A formed store waits
/// for nobody.
/// </summary>
internal sealed class AwaitMembers : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        if (state.View.Nodes.IsEmpty)
            return new StorePlan(StorePhase.Waiting, "no member answers", []);
        if (state.Goal.Formed)
            return null;
        var missing = state.Goal.Members.Where(member => !state.View.Nodes.ContainsKey(member)).ToList();
        return missing.Count == 0 ? null : new StorePlan(StorePhase.Waiting, $"forming waits for {missing.Count} of {state.Goal.Members.Count()} members, first {missing[0]}", []);
    }
}
