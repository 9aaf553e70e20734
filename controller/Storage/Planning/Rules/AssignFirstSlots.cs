using Ops.Storage.Slots;

namespace Ops.Storage.Planning.Rules;

/// <summary>While a store is being formed, each shard's first member gets an equal run of the slots that nobody has.</summary>
internal sealed class AssignFirstSlots : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        if (state.Goal.Formed || state.Ownership.Covered.Equals(SlotSet.All))
            return null;
        var steps = new List<StoreStep>();
        for (var shard = 0; shard < state.Shards.Length; shard++)
        {
            var first = (int)((long)SlotSet.Slots * shard / state.Shards.Length);
            var last = (int)((long)SlotSet.Slots * (shard + 1) / state.Shards.Length) - 1;
            var free = SlotSet.Range(first, last).Except(state.Ownership.Covered);
            if (!free.IsEmpty && state.Shards[shard].Primary is { } primary)
                steps.Add(new StoreStep.AddSlots(primary, free));
        }

        return new StorePlan(StorePhase.Forming, $"{SlotSet.Slots - state.Ownership.Covered.Count} slots get their first owner", [.. steps]);
    }
}
