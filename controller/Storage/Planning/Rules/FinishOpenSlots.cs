using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A slot that was on its way when somebody died is finished first: to the node that already takes it in, or taken back
/// where one side is gone.
/// </summary>
internal sealed class FinishOpenSlots : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        var steps = new SortedDictionary<int, StoreStep>();
        foreach (var node in state.Members.Where(node => !state.IsUnsettled(node)))
        {
            foreach (var (slot, id) in node.Migrating)
                Add(slot, id, from: node, to: state.View.ById(id), marked: node);
            foreach (var (slot, id) in node.Importing)
                Add(slot, id, from: state.View.ById(id), to: node, marked: node);
        }

        return steps.Count == 0 ? null : new StorePlan(StorePhase.Repairing, $"{steps.Count} broken moves are finished", [.. steps.Values]);

        void Add(int slot, string id, NodeView? from, NodeView? to, NodeView marked)
        {
            // The other side is there, but it has yet to be seen whether it is to be believed: the mark stays.
            if ((from is not null && state.IsUnsettled(from)) || (to is not null && state.IsUnsettled(to)) || state.Belief.SetApart.Any(one => one.Node.Id == id))
                return;
            if (from is { IsPrimary: true } && to is { IsPrimary: true })
                steps[slot] = new StoreStep.MoveSlot(slot, from, to);
            else
                steps.TryAdd(slot, new StoreStep.Stabilise(marked, slot));
        }
    }
}
