using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Storage.Planning;

/// <summary>
/// The little that has to be remembered from one plan to the next. It is written down before the steps of a plan are
/// carried out, so that whoever goes on after a crash knows at least as much.
/// </summary>
/// <param name="Formed">Whether every slot has once had an owner.</param>
/// <param name="Identities">The last known node id of each member.</param>
/// <param name="Copies">Where the planner elects: which replicas were seen with a whole copy of which primary.</param>
public sealed record StoreMemory(bool Formed, ImmutableDictionary<string, string> Identities, ImmutableDictionary<string, StoreCopy> Copies)
{
    /// <summary>What a store begins with.</summary>
    public static StoreMemory Nothing { get; } = new(false, ImmutableDictionary<string, string>.Empty, ImmutableDictionary<string, StoreCopy>.Empty);

    /// <summary>
    /// What is certain from an observation alone, before planning: members that own every slot by their own word are a
    /// formed store, also where it was formed just before a crash.
    /// </summary>
    public StoreMemory Seen(StoreView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        // Who claims slots and knows nobody, where others answer, was not given them by a store.
        var claimed = view.Nodes.Values.Where(node => view.Nodes.Count == 1 || !node.Peers.IsEmpty).Aggregate(SlotSet.Empty, (slots, node) => slots.Union(node.Slots));
        return this with { Formed = Formed || claimed.Equals(SlotSet.All) };
    }

    /// <summary>What to remember before the plan's steps are carried out. Nodes of a plan that is blocked are not ours yet.</summary>
    public StoreMemory Adopted(StoreView view, StorePlan plan, StoreGoal goal)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(goal);
        if (plan.Phase == StorePhase.Blocked && !goal.Formed)
            return this;
        var doubted = Belief.Of(view, goal.Formed, Identities.Values).SetApart.Select(one => one.Node.Member).ToHashSet();
        var members = goal.Members.ToHashSet();
        return this with
        {
            Identities = Identities
                .RemoveRange(Identities.Keys.Where(member => !members.Contains(member)))
                .SetItems(view.Nodes.Values.Where(node => members.Contains(node.Member) && !doubted.Contains(node.Member)).Select(node => KeyValuePair.Create(node.Member, node.Id))),
            Copies = goal.EngineElects
                ? Copies
                : members.Select(member => (Member: member, Copy: CopyOf(member, doubted.Contains(member) ? null : view.Nodes.GetValueOrDefault(member)))).Where(one => one.Copy is not null).ToImmutableDictionary(one => one.Member, one => one.Copy!),
        };
    }

    // One that is silent or out of step still has what it had; one that copies anew has emptied itself first, whatever offset
    // it names.
    private StoreCopy? CopyOf(string member, NodeView? node)
    {
        var known = Copies.GetValueOrDefault(member);
        if (node is null)
            return known;
        var same = known is not null && known.Of == node.PrimaryId;
        if (node.PrimaryId is { } primary && node.LinkUp)
            return same && known!.Offset <= node.Offset ? known : new StoreCopy(primary, node.Offset);
        return same && !node.Copying ? known : null;
    }
}

/// <summary>A replica was in step with its primary: from then on it has a whole copy, as long as it does not fall back.</summary>
/// <param name="Of">Node id of the primary.</param>
/// <param name="Offset">How far the replica was when that was first seen. One that is behind it has begun anew, and lacks keys.</param>
public sealed record StoreCopy(string Of, long Offset);
