namespace Ops.Storage.Planning.Rules;

/// <summary>No slot moves while a node that is not believed has some by the others' word: no move could count on its side.</summary>
internal sealed class SpareDoubted : IStoreRule
{
    public StorePlan? Next(StoreState state) => state.Belief.SetApart.FirstOrDefault(one => !state.Ownership.Of(one.Node.Id).IsEmpty) is { } doubted
        ? new StorePlan(StorePhase.Blocked, $"{doubted.Message}; no slot moves until that is cleared up", [])
        : null;
}
