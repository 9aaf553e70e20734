using System.Collections.Immutable;
using Ops.Storage.Load;

namespace Ops.Storage.Cluster;

/// <summary>All that was observed of a store at one moment.</summary>
public sealed record StoreView
{
    /// <summary>The nodes that answered, by member name. A member that is absent here did not answer.</summary>
    public required ImmutableSortedDictionary<string, NodeView> Nodes { get; init; }

    /// <summary>How long each member that did not answer has been silent.</summary>
    public ImmutableDictionary<string, TimeSpan> Silent { get; init; } = ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>
    /// How long each silent member has given no sign of life at all, not even an error: one that loads its data or refuses a
    /// password is silent and absent here, and so is one without an address.
    /// </summary>
    public ImmutableDictionary<string, TimeSpan> Mute { get; init; } = ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>How long each member has been saying what is not believed; one that is believed is absent.</summary>
    public ImmutableDictionary<string, TimeSpan> Doubted { get; init; } = ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>What was wrong with the answer of each member that answered nonsense. Such a member also counts as silent.</summary>
    public ImmutableDictionary<string, string> Nonsense { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Load by slot in any one unit (operations or CPU time a second), 16,384 entries; empty when unknown.</summary>
    public ImmutableArray<double> SlotLoad { get; init; } = [];

    /// <summary>The hottest keys that were seen, hottest first; empty when unknown.</summary>
    public ImmutableArray<KeyLoad> HottestKeys { get; init; } = [];

    /// <summary>
    /// Keys read a second by member, in equal parts of a sliding window, oldest first; empty while the store has not been as
    /// it is now for a whole window.
    /// </summary>
    public ImmutableArray<ImmutableDictionary<string, double>> Reads { get; init; } = [];

    /// <summary>The node with the given id, if it answered.</summary>
    public NodeView? ById(string id) => Nodes.Values.FirstOrDefault(node => node.Id == id);
}
