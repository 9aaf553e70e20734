using System.Collections.Immutable;
using Ops.Storage.Slots;

namespace Ops.Storage.Load;

/// <summary>
/// The slots by how much of the load they carried over the last minutes.
/// </summary>
/// <param name="Hot">The fewest slots that together carry half of the load.</param>
/// <param name="Warm">The others.</param>
/// <param name="Cold">Slots that carry less than a tenth of the mean slot each.</param>
public sealed record SlotHeat(SlotSet Hot, SlotSet Warm, SlotSet Cold)
{
    private const double HotShare = 0.5;
    private const double ColdShare = 0.1;

    /// <summary>Sorts slots by their load; null when there was none.</summary>
    /// <param name="load">Load by slot, 16,384 entries.</param>
    public static SlotHeat? Of(ImmutableArray<double> load)
    {
        var total = load.IsDefaultOrEmpty ? 0 : load.Sum();
        if (!(total > 0))
            return null;
        var hot = new List<int>();
        var carried = 0.0;
        foreach (var slot in Enumerable.Range(0, SlotSet.Slots).Where(slot => load[slot] > 0).OrderByDescending(slot => load[slot]).ThenBy(slot => slot))
        {
            if (carried >= HotShare * total)
                break;
            hot.Add(slot);
            carried += load[slot];
        }

        var hottest = SlotSet.Of(hot);
        var cold = SlotSet.Of(Enumerable.Range(0, SlotSet.Slots).Where(slot => load[slot] < ColdShare * total / SlotSet.Slots)).Except(hottest);
        return new(hottest, SlotSet.All.Except(hottest).Except(cold), cold);
    }
}
