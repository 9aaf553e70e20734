using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Storage.Planning;

/// <summary>What the rules share: view, goal, who has which slot, and what each shard looks like. Lives for one plan.</summary>
internal sealed class StoreState
{
    internal StoreState(StoreView view, StoreGoal goal)
    {
        Goal = goal;
        // Before a store is formed strangers stop everything, see RefuseForeign; a formed one goes on without them.
        Belief = Belief.Of(view, goal.Formed, goal.Identities.Values);
        Ownership = Ownership.Of(View);
        Problems.AddRange(Belief.SetApart.Select(Problem));
        Problems.AddRange(view.Nonsense.Select(one => new StoreProblem("NotBelieved", $"{one.Key} answers nonsense ({one.Value}); it counts as silent. Look what runs at its address.")));
        Shards = [.. goal.Shards.Select(Look)];
    }

    /// <summary>Who is believed.</summary>
    internal Belief Belief { get; }

    /// <summary>What is believed.</summary>
    internal StoreView View => Belief.View;

    internal StoreGoal Goal { get; }

    internal Ownership Ownership { get; }

    internal ImmutableArray<ShardState> Shards { get; }

    /// <summary>Problems found so far; they stand beside whatever plan comes out.</summary>
    internal List<StoreProblem> Problems { get; } = [];

    /// <summary>The members that answered, in order.</summary>
    internal IEnumerable<NodeView> Members => Goal.Members.Where(View.Nodes.ContainsKey).Select(member => View.Nodes[member]);

    /// <summary>Whether a node makes claims that most primaries do not confirm.</summary>
    internal bool IsUnsettled(NodeView node) => Belief.Unsettled.Any(one => one.Node.Id == node.Id);

    // One that answers, but is not believed, may still serve: nobody is put in its place while the others reach it.
    private bool MayServe(string member, string id) => Belief.SetApart.Any(one =>
        one.Node.Member == member && (one.Node.Id == id || View.Nodes.Values.Any(node => node.Peer(id) is { Connected: true, Failed: false })));

    private StoreProblem Problem(Disbelief one)
    {
        var owned = Ownership.Of(one.Node.Id).Count;
        var remedy = owned > 0 && one.Reason != "ForeignNode"
            ? $"The others know it with {owned} slots, which nobody else is given: look at its log, and let a replica take over before you remove it."
            : "By the others' word it has no slot, so nothing is lost with it: give it an empty volume.";
        return new StoreProblem(one.Reason, $"{one.Message}; its word counts for nothing and it is left out of everything. {remedy}");
    }

    private ShardState Look(ShardGoal shard)
    {
        ImmutableArray<NodeView> nodes = [.. shard.Members.Where(View.Nodes.ContainsKey).Select(member => View.Nodes[member])];
        // The node with the most slots is the shard's primary; before it has any, the first one that is a primary at all.
        var primary = nodes.Where(node => node.IsPrimary)
            .OrderByDescending(node => Ownership.Of(node.Id).Count)
            .FirstOrDefault();
        // A silent member that still has slots is the primary that the shard waits for.
        var lost = shard.Members
            .Where(member => !View.Nodes.ContainsKey(member))
            .Select(member => (Member: member, Id: Goal.Identities.GetValueOrDefault(member)))
            .Where(silent => silent.Id is not null && !Ownership.Of(silent.Id).IsEmpty)
            .Where(silent => !MayServe(silent.Member, silent.Id!))
            .Select(silent => new SilentPrimary(silent.Member, silent.Id!, Ownership.Of(silent.Id!)))
            .FirstOrDefault() ?? Unknown(shard, nodes);
        return new ShardState(shard, nodes, primary, lost);
    }

    // The owner that the shard's replicas copy, where no member is known by its id: its volume was lost and its member runs
    // another node now, or it fell silent before it was first seen.
    private SilentPrimary? Unknown(ShardGoal shard, ImmutableArray<NodeView> nodes) => nodes
        .Select(node => node.PrimaryId)
        .OfType<string>()
        // That of another shard is whom a lent replica copies.
        .Where(id => !Goal.Identities.Any(known => known.Value == id && !shard.Members.Contains(known.Key)))
        .Where(id => View.ById(id) is null && !Ownership.Of(id).IsEmpty && !shard.Members.Any(member => MayServe(member, id)))
        .Select(id => new SilentPrimary(shard.Members.FirstOrDefault(member => View.Silent.ContainsKey(member)) ?? id, id, Ownership.Of(id)))
        .FirstOrDefault();
}

/// <summary>One shard as it is.</summary>
/// <param name="Goal">How it shall be.</param>
/// <param name="Nodes">Its members that answered.</param>
/// <param name="Primary">Its primary that answered; null when none did.</param>
/// <param name="Silent">Its primary that did not answer and has slots; null when there is none.</param>
internal sealed record ShardState(ShardGoal Goal, ImmutableArray<NodeView> Nodes, NodeView? Primary, SilentPrimary? Silent);

/// <summary>A primary that does not answer.</summary>
/// <param name="Member">The member; the node id where no silent member can be it.</param>
/// <param name="Id">Its node id.</param>
/// <param name="Slots">The slots that nobody serves meanwhile.</param>
internal sealed record SilentPrimary(string Member, string Id, SlotSet Slots);
