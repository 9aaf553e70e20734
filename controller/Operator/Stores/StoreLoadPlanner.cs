using Ops.Api;
using Ops.Planning;
using Ops.Storage.Load;
using Ops.Storage.Slots;

namespace Ops.Operator.Stores;

/// <summary>The load of a store as its status shows it. Pure.</summary>
internal static class StoreLoadPlanner
{
    private const int HotSlotsShown = 8;

    /// <summary>The store's load; null while too little was seen.</summary>
    /// <param name="load">What was found.</param>
    /// <param name="shards">The slots of each shard by its name.</param>
    /// <param name="before">What is shown now.</param>
    internal static StoreLoadStatus? Of(LoadReport? load, IReadOnlyList<(string Name, SlotSet Slots)> shards, StoreLoadStatus? before)
    {
        if (load is null || shards.Count == 0)
            return null;
        var loads = shards.Select(shard => shard.Slots.Enumerate().Sum(slot => load.Level[slot])).ToList();
        var total = load.Level.Sum();
        if (!(total > 0))
            return null;
        var hot = (load.Heat?.Hot.Enumerate() ?? [])
            .OrderByDescending(slot => load.Level[slot])
            .Take(HotSlotsShown)
            .Select(slot => new StoreHotSlotStatus
            {
                Slot = slot,
                Shard = shards.FirstOrDefault(shard => shard.Slots.Contains(slot)).Name,
                Share = Steady.Number(before?.HotSlots?.FirstOrDefault(shown => shown.Slot == slot)?.Share, load.Level[slot] / total),
            })
            .ToList();
        return new()
        {
            Source = load.Source == LoadSource.SlotStats ? "slotStats" : "commands",
            Skew = Steady.Number(before?.Skew, loads.Max() / loads.Average()),
            HotSlots = hot,
        };
    }

    /// <summary>A shard's slots by their load; null while too little was seen.</summary>
    internal static StoreHeatStatus? Heat(SlotHeat? heat, SlotSet slots) => heat is null ? null : new()
    {
        Hot = heat.Hot.Intersect(slots).Count,
        Warm = heat.Warm.Intersect(slots).Count,
        Cold = heat.Cold.Intersect(slots).Count,
    };
}
