using Ops.Api;
using Ops.Planning;

namespace Ops.Operator.Stores;

/// <summary>What is known of a store's copies.</summary>
/// <param name="Backup">Its backups.</param>
/// <param name="Restore">How far its restore is.</param>
/// <param name="Refused">Why it is not restored.</param>
internal sealed record CopyState(StoreBackupStatus? Backup, StoreRestoreStatus? Restore, PlanProblem? Refused)
{
    internal static CopyState Nothing { get; } = new(null, null, null);
}

/// <summary>A store's copies -> BackedUp and Restored, each only where it is asked for. Pure.</summary>
internal static class CopyConditions
{
    internal static IEnumerable<ConditionFinding> Of(ShardedStoreSpec spec, CopyState copies)
    {
        if (spec.Backup is not null)
            yield return BackedUp(copies.Backup);
        if (spec.RestoreFrom is { } from)
            yield return Restored(from, copies);
    }

    private static ConditionFinding BackedUp(StoreBackupStatus? backup) => backup switch
    {
        { Failure: { } failure } => new(ConditionTypes.BackedUp, false, "Failed", failure),
        { Last: { } last } => new(ConditionTypes.BackedUp, true, "Complete", $"backup {last} is complete"),
        { Running: { } running } => new(ConditionTypes.BackedUp, false, "Running", $"the first backup, {running}, is being taken"),
        _ => new(ConditionTypes.BackedUp, false, "None", "no backup was taken yet; set spec.backup.every, or spec.backup.request for one now"),
    };

    private static ConditionFinding Restored(StoreRestoreSpec from, CopyState copies)
    {
        if (copies.Refused is { } refused)
            return new(ConditionTypes.Restored, false, refused.Reason, refused.Message);
        if (copies.Restore is not { } restore)
            return new(ConditionTypes.Restored, false, "Waiting", "the store has to be whole first");
        return restore.ShardsDone < from.Shards
            ? new(ConditionTypes.Restored, false, "Restoring", $"{restore.ShardsDone} of {from.Shards} shards of backup {from.Backup} are here; do not write meanwhile")
            : new(ConditionTypes.Restored, true, "Complete", $"all {restore.Keys} keys of backup {from.Backup} were copied");
    }
}
