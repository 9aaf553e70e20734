using System.ComponentModel.DataAnnotations;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>What the operator saw of a store.</summary>
public sealed record ShardedStoreStatus
{
    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>
    /// Whether every slot has once had an owner. From then on no slot is ever given out anew: one without an owner is a
    /// loss that a person has to look at.
    /// </summary>
    public bool Formed { get; init; }

    /// <summary>Steady, Waiting, Forming, Joining, FailingOver, Repairing, Restarting, Upgrading, Rebalancing, Lending or Blocked.</summary>
    [MaxLength(32)]
    public string? Phase { get; init; }

    /// <summary>Why, as a sentence.</summary>
    [MaxLength(1024)]
    public string? Reason { get; init; }

    /// <summary>Slots whose primary serves them, of 16384.</summary>
    public int SlotsCovered { get; init; }

    /// <summary>Replicas that follow their primary, of those wanted: 3/3.</summary>
    [MaxLength(16)]
    public string? ReplicasInSync { get; init; }

    /// <summary>Replicas that serve the reads of another shard, and which: "carts-s2-1 to s0". Absent while none does.</summary>
    [MaxLength(512)]
    public string? ReplicasLent { get; init; }

    /// <summary>Shards that had their share of the slots when the store was steady last; more than these are being filled.</summary>
    public int BalancedShards { get; init; }

    /// <summary>Slots moved for balance since movesSince.</summary>
    public int Moves { get; init; }

    /// <summary>Begin of the hour that moves are counted in.</summary>
    public DateTime? MovesSince { get; init; }

    /// <summary>While a majority of primaries is lost: what spec.failover.approveTakeover must say to approve a takeover.</summary>
    [MaxLength(64)]
    public string? TakeoverToken { get; init; }

    /// <summary>How the load lies on the slots; absent while too little of it was seen.</summary>
    public StoreLoadStatus? Load { get; init; }

    /// <summary>Slots on their way now, by the shards that give and get them; absent when none is.</summary>
    // A plan moves at most 64 slots, so there are at most 64 pairs.
    [MaxLength(64)]
    public IReadOnlyList<StoreMigrationStatus>? Migrations { get; init; }

    /// <summary>What happened last, newest first: failovers, moves of slots, replicas that were lent. At most 20.</summary>
    [MaxLength(20)]
    public IReadOnlyList<StoreEventStatus>? History { get; init; }

    /// <summary>The backups; absent before the first.</summary>
    public StoreBackupStatus? Backup { get; init; }

    /// <summary>The users of spec.users, and how many nodes have each; absent while none was asked for.</summary>
    // 32 of the spec, and as many that are being removed.
    [MaxLength(64)]
    [ListMapKeys("name")]
    public IReadOnlyList<StoreUserStatus>? Users { get; init; }

    /// <summary>How far the restore of spec.restoreFrom is; absent before it begins.</summary>
    public StoreRestoreStatus? Restore { get; init; }

    /// <summary>The shards in order.</summary>
    [MaxLength(128)]
    [ListMapKeys("name")]
    public IReadOnlyList<StoreShardStatus>? Shards { get; init; }

    /// <summary>
    /// Ready (every slot is served), Progressing (nodes or slots are on their way), Degraded (a person has to look), Durable
    /// (all replicas follow, so that all can confirm a write, which then survives the loss of any one node), BackedUp (the
    /// newest backup is complete), Restored (every key of spec.restoreFrom is here), UsersInForce (every
    /// node that answers has every user of spec.users as it is there).
    /// </summary>
    [MaxLength(16)]
    [ListMapKeys("type")]
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}

/// <summary>One shard as it was seen.</summary>
public sealed record StoreShardStatus
{
    /// <summary>s0, s1, ...</summary>
    [Required]
    [MaxLength(16)]
    public string Name { get; init; } = "";

    /// <summary>The pod that serves its slots; absent while none does.</summary>
    [MaxLength(63)]
    public string? Primary { get; init; }

    /// <summary>The pod that served its slots last: the present primary, or while there is none the one before.</summary>
    [MaxLength(63)]
    public string? LastPrimary { get; init; }

    /// <summary>Slots that it serves.</summary>
    public int Slots { get; init; }

    /// <summary>The slots that it serves as runs in rising order, as CLUSTER NODES writes them: "0-5460 10923". Absent when it serves none.</summary>
    // Every slot on its own is 6 characters with its blank, and 16384 of them are 98304: the bound for all shards together.
    [MaxLength(98_304)]
    public string? SlotRanges { get; init; }

    /// <summary>Keys of the primary, two significant digits.</summary>
    public double? Keys { get; init; }

    /// <summary>Commands a second of all its nodes, two significant digits; absent before the second observation.</summary>
    public double? OperationsPerSecond { get; init; }

    /// <summary>
    /// Keys that all nodes which serve its slots read in a second, two significant digits; absent while
    /// rebalancing.replicaMigration is off, and until the store has been as it is for that long.
    /// </summary>
    public double? KeysReadPerSecond { get; init; }

    /// <summary>
    /// Replicas that copy its primary, or shall: its own without those that are lent, and those that other shards lent it. A
    /// write is safe once WAIT has returned so many.
    /// </summary>
    public int? Replicas { get; init; }

    /// <summary>Its slots by their load; absent while too little of it was seen.</summary>
    public StoreHeatStatus? Heat { get; init; }

    /// <summary>Whether its slots are on their way to the other shards.</summary>
    public bool? Leaving { get; init; }

    /// <summary>Its nodes.</summary>
    [MaxLength(8)]
    [ListMapKeys("name")]
    public IReadOnlyList<StoreMemberStatus>? Members { get; init; }
}

/// <summary>One node as it was seen.</summary>
public sealed record StoreMemberStatus
{
    /// <summary>The pod.</summary>
    [Required]
    [MaxLength(63)]
    public string Name { get; init; } = "";

    /// <summary>The engine's own id of the node, by which it is known whatever its address; absent before it first answered.</summary>
    [MaxLength(64)]
    public string? NodeId { get; init; }

    /// <summary>primary, replica, silent when it does not answer, or doubted when its answer is not believed.</summary>
    [MaxLength(16)]
    public string Role { get; init; } = "";

    /// <summary>Bytes of the primary's stream that a replica has not confirmed, two significant digits.</summary>
    public double? LagBytes { get; init; }

    /// <summary>For a replica that is lent: the shard whose primary it copies, and whose reads it serves.</summary>
    [MaxLength(16)]
    public string? LentTo { get; init; }

    /// <summary>For a replica: whether it follows its primary.</summary>
    public bool? InSync { get; init; }

    /// <summary>
    /// With an engine that elects nobody: node id of the primary that this replica was seen with a whole copy of. Only such a
    /// replica is ever promoted.
    /// </summary>
    [MaxLength(64)]
    public string? CopyOf { get; init; }

    /// <summary>How many bytes of the primary's stream it had when that was first seen; one that has fewer is not promoted.</summary>
    public long? CopyOffset { get; init; }
}
