namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A member whose process does not even start, and whose template was corrected since, starts anew: nobody else replaces it,
/// and nothing is lost with what does not run. This comes before all that waits for members.
/// </summary>
internal sealed class ReplaceDown : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        // A formed store in which others answer has more urgent things to do first; RollUpgrade comes to it.
        if (state.Goal.Formed && !state.View.Nodes.IsEmpty)
            return null;
        return Plan(state);
    }

    internal static StorePlan? Plan(StoreState state)
    {
        var down = state.Goal.Members.Where(member => state.Goal.Outdated.Contains(member) && state.Goal.Down.Contains(member) && !state.View.Nodes.ContainsKey(member)).ToList();
        return down.Count == 0
            ? null
            : new StorePlan(StorePhase.Upgrading, $"{down.Count} members that do not run start as the present spec says, first {down[0]}", [.. down.Select(member => new StoreStep.Restart(member))]);
    }
}
