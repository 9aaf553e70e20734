using Ops.Storage.Slots;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// Slots that nobody claims although every primary answers. Their keys may lie anywhere, so they are given to nobody: a
/// person looks first. Right after a move the claims may also just be on their way.
/// </summary>
internal sealed class ReportOrphans : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        if (state.Ownership.Covered.Equals(SlotSet.All) || state.Shards.Any(shard => shard.Silent is not null || shard.Primary is null))
            return null;
        var orphans = SlotSet.All.Except(state.Ownership.Covered);
        state.Problems.Add(new StoreProblem("SlotsUncovered", $"nobody claims slot {orphans}; look with CLUSTER COUNTKEYSINSLOT which node holds their keys and give them to it with CLUSTER ADDSLOTS."));
        return new StorePlan(StorePhase.Waiting, $"{orphans.Count} slots have no owner", []);
    }
}
