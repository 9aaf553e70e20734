using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

/// <summary>A node of <see cref="ModelCluster"/>: what a real one keeps in its nodes.conf, and its keys as a number.</summary>
internal sealed class ModelNode(string member, string id, StoreAddress address)
{
    internal string Member => member;

    internal string Id => id;

    internal StoreAddress Address { get; set; } = address;

    internal bool Alive { get; set; } = true;

    /// <summary>Whether it is not alive although its process runs.</summary>
    internal bool Hangs { get; set; }

    /// <summary>For a replica: whether it looks for its primary where that is no more.</summary>
    internal bool Astray { get; set; }

    /// <summary>For a replica: whether it has its first copy.</summary>
    internal bool Synced { get; set; } = true;

    internal bool Serves { get; set; } = true;

    internal bool NoFailover { get; set; }

    /// <summary>Rounds of gossip until a first copy is done that the node has begun for another primary than before.</summary>
    internal int CopyingRounds { get; set; }

    internal long KeysRead { get; set; }

    internal string? PrimaryId { get; set; }

    internal SlotSet Slots { get; set; } = SlotSet.Empty;

    internal long Epoch { get; set; }

    internal long Offset { get; set; }

    internal long Keys { get; set; }

    internal Dictionary<string, PeerView> Known { get; } = [];

    internal Dictionary<int, string> Migrating { get; } = [];

    internal Dictionary<int, string> Importing { get; } = [];

    internal PeerView Described => new(id, Address, true, false, PrimaryId, Slots, Epoch);

    internal NodeView Seen(ModelCluster cluster) => new()
    {
        Member = member,
        Id = id,
        Address = Address,
        PrimaryId = PrimaryId,
        Slots = Slots,
        Epoch = Epoch,
        Offset = Offset,
        Serves = Serves,
        NoFailover = NoFailover,
        KeysRead = KeysRead,
        Keys = Keys,
        LinkUp = Synced && !Astray && PrimaryId is not null && cluster.Find(PrimaryId) is { Alive: true },
        CopiesFrom = Astray ? new StoreAddress("127.0.9.9", 6379) : PrimaryId is null ? null : Known.GetValueOrDefault(PrimaryId)?.Address,
        Copying = !Synced && PrimaryId is not null && cluster.Find(PrimaryId) is { Alive: true },
        Peers = [.. Known.Values.Select(peer => peer with { Connected = cluster.IsReachable(peer), Failed = cluster.HasFailed(peer), Unheard = cluster.IsUnheard(peer) })],
        Migrating = Migrating.ToImmutableSortedDictionary(),
        Importing = Importing.ToImmutableSortedDictionary(),
    };
}
