namespace Ops.Storage.Planning.Rules;

/// <summary>One concern of a store's life.</summary>
internal interface IStoreRule
{
    /// <summary>What this concern wants done next; null when it is content.</summary>
    StorePlan? Next(StoreState state);
}
