using System.Collections.Immutable;
using Ops.Storage.Slots;

namespace Ops.Storage.Cluster;

/// <summary>One node of the store, as it describes itself. Its identity is <see cref="Id"/>, never its address.</summary>
public sealed record NodeView
{
    /// <summary>Name of the member (the pod) that runs the node.</summary>
    public required string Member { get; init; }

    /// <summary>The engine's node id.</summary>
    public required string Id { get; init; }

    /// <summary>Where the node is now.</summary>
    public required StoreAddress Address { get; init; }

    /// <summary>Id of the primary that this node copies; null for a primary.</summary>
    public string? PrimaryId { get; init; }

    /// <summary>Slots that the node itself claims; empty for a replica.</summary>
    public SlotSet Slots { get; init; } = SlotSet.Empty;

    /// <summary>The node's configuration epoch: of two claims on one slot the higher epoch wins.</summary>
    public long Epoch { get; init; }

    /// <summary>Replication offset in bytes; of two replicas the higher one has lost less.</summary>
    public long Offset { get; init; }

    /// <summary>For a replica: whether the link to its primary is up and its first copy done.</summary>
    public bool LinkUp { get; init; }

    /// <summary>
    /// For a replica: where it looks for its primary; null where that is not told. It may be another place than the one where
    /// the node knows its primary to be; it is then told once more whom to copy.
    /// </summary>
    public StoreAddress? CopiesFrom { get; init; }

    /// <summary>For a replica: whether it is copying its primary from the beginning, and lacks keys until that is done.</summary>
    public bool Copying { get; init; }

    /// <summary>Whether the node, a replica, is never elected (cluster-replica-no-failover): so it is while it is lent to another shard.</summary>
    public bool NoFailover { get; init; }

    /// <summary>
    /// Whether the node serves its slots. It refuses every command (CLUSTERDOWN) while it does not see a majority, and for two
    /// seconds after it came into a cluster or back into one.
    /// </summary>
    public bool Serves { get; init; } = true;

    /// <summary>Keys that the node holds.</summary>
    public long Keys { get; init; }

    /// <summary>Commands a second that the node says it serves.</summary>
    public long OperationsPerSecond { get; init; }

    /// <summary>Keys that clients have looked up for reading since the node started, found or not.</summary>
    public long KeysRead { get; init; }

    /// <summary>The other nodes that this one knows.</summary>
    public ImmutableArray<PeerView> Peers { get; init; } = [];

    /// <summary>Slots on their way out of this node, and the id of the node that shall have them.</summary>
    public ImmutableSortedDictionary<int, string> Migrating { get; init; } = ImmutableSortedDictionary<int, string>.Empty;

    /// <summary>Slots on their way into this node, and the id of the node that has them.</summary>
    public ImmutableSortedDictionary<int, string> Importing { get; init; } = ImmutableSortedDictionary<int, string>.Empty;

    /// <summary>Whether the node is a primary.</summary>
    public bool IsPrimary => PrimaryId is null;

    /// <summary>Whether the node has never been part of anything: no peer, no slot, no key.</summary>
    public bool IsFresh => IsPrimary && Peers.IsEmpty && Slots.IsEmpty && Keys == 0;

    /// <summary>What this node knows of another; null when nothing.</summary>
    public PeerView? Peer(string id) => Peers.FirstOrDefault(peer => peer.Id == id);
}

/// <summary>A node as another node sees it.</summary>
/// <param name="Id">The engine's node id.</param>
/// <param name="Address">Where the other believes it to be.</param>
/// <param name="Connected">Whether the other has a connection to it.</param>
/// <param name="Failed">Whether the cluster has agreed that it failed.</param>
/// <param name="PrimaryId">Id of the primary that it copies; null for a primary.</param>
/// <param name="Slots">Slots that it is believed to have.</param>
/// <param name="Epoch">Its configuration epoch as known there.</param>
public sealed record PeerView(string Id, StoreAddress Address, bool Connected, bool Failed, string? PrimaryId, SlotSet Slots, long Epoch)
{
    /// <summary>Whether the other itself gets no answer from it, whatever the rest of the cluster says.</summary>
    public bool Unheard { get; init; }
}

/// <summary>Where a node listens for clients.</summary>
/// <param name="Host">An IP address.</param>
/// <param name="Port">A TCP port.</param>
public readonly record struct StoreAddress(string Host, int Port)
{
    /// <summary>host:port.</summary>
    public override string ToString() => $"{Host}:{Port}";
}
