namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A store is formed only when all its members answer: one that is missing might hold slots and data. A formed store waits
/// for nobody, but for one that knows who has the slots: newcomers that met without it would be a cluster of their own, and
/// the store's own nodes strangers to it.
/// </summary>
internal sealed class AwaitMembers : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        if (state.View.Nodes.IsEmpty)
            return new StorePlan(StorePhase.Waiting, "no member answers", []);
        if (state.Goal.Formed)
            return state.Ownership.Covered.IsEmpty && state.Goal.Members.Any(member => !state.View.Nodes.ContainsKey(member)) ? new StorePlan(StorePhase.Waiting, "no member answers that knows who has the slots", []) : null;
        var missing = state.Goal.Members.Where(member => !state.View.Nodes.ContainsKey(member)).ToList();
        return missing.Count == 0 ? null : new StorePlan(StorePhase.Waiting, $"forming waits for {missing.Count} of {state.Goal.Members.Count()} members, first {missing[0]}", []);
    }
}
