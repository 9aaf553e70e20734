using Ops.Api;
using Ops.Planning;
using Ops.Storage.Cluster;

namespace Ops.Operator.Stores;

/// <summary>How a store comes to begin with a backup. Pure.</summary>
internal static class RestorePlanner
{
    /// <summary>The state to show, and why it is not begun.</summary>
    /// <param name="store">The store with its present status.</param>
    /// <param name="view">What its nodes said.</param>
    /// <param name="steady">Whether it may be begun.</param>
    internal static (StoreRestoreStatus? Status, PlanProblem? Refused) Begin(ShardedStore store, StoreView view, bool steady)
    {
        if (store.Spec.RestoreFrom is not { } from || store.Status?.Restore is not null)
            return (store.Status?.Restore, null);
        if (view.Nodes.Values.Any(node => node.Keys > 0))
            return (null, new("HoldsKeys", "spec.restoreFrom is refused, since the store holds keys; restore into a new store"));
        return (steady ? new() { Backup = from.Backup } : null, null);
    }

    /// <summary>Whether keys are still to come.</summary>
    internal static bool IsUnderWay(ShardedStore store) => store.Spec.RestoreFrom is { } from && store.Status?.Restore is { } restore && restore.ShardsDone < from.Shards;
}
