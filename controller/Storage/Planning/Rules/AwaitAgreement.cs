namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A claim on slots that most primaries do not confirm is mostly news on its way: a promotion or a move a moment ago. Until
/// they agree, or the claim has stood alone for too long, no other change is built on either side's word.
/// </summary>
internal sealed class AwaitAgreement : IStoreRule
{
    public StorePlan? Next(StoreState state) => state.Belief.Unsettled is [var first, ..]
        ? new StorePlan(StorePhase.Waiting, $"{first.Message}; they may not have heard of it yet", [])
        : null;
}
