using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>A sharded key-value store of an existing engine: kept whole, failed over, scaled and balanced.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = PluralName)]
[KubectlNames("sstore", Categories = ["ops"])]
[CelRule(ShardedStoreRules.NameRule, ShardedStoreRules.NameMessage)]
[PrinterColumn("Engine", "string", ".spec.engine.type", Description = "The engine.")]
[PrinterColumn("Shards", "integer", ".spec.shards", Description = "Shards wanted.")]
[PrinterColumn("Covered", "integer", ".status.slotsCovered", Description = "Slots with a primary that serves them, of 16384.")]
[PrinterColumn("Replicas", "string", ".status.replicasInSync", Description = "Replicas that follow their primary, of those wanted.")]
[PrinterColumn("Durable", "string", ".status.conditions[?(@.type==\"Durable\")].status", Description = "Whether an acknowledged write survives a primary now.")]
[PrinterColumn("State", "string", ".status.phase", Description = "What is being done.")]
[PrinterColumn("Why", "string", ".status.reason", Description = "Why.", Priority = 1)]
[PrinterColumn("Lent", "string", ".status.replicasLent", Description = "Replicas that serve the reads of another shard.", Priority = 1)]
[PrinterColumn("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].reason", Description = "Whether every slot is served, and why not.")]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class ShardedStore : CustomResource<ShardedStoreSpec, ShardedStoreStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "ShardedStore";

    /// <summary>The kind's name in URLs.</summary>
    public const string PluralName = "shardedstores";

    /// <summary>Creates an empty store with its kind set.</summary>
    public ShardedStore() => Kind = KindName;
}

/// <summary>What the user wants of a store.</summary>
[CelRule(ShardedStoreRules.MinShardsRule, ShardedStoreRules.MinShardsMessage)]
[CelRule(ShardedStoreRules.DurabilityRule, ShardedStoreRules.DurabilityMessage)]
[CelRule(ShardedStoreRules.EngineKeptRule, ShardedStoreRules.EngineKeptMessage)]
[CelRule(ShardedStoreRules.StorageKeptRule, ShardedStoreRules.StorageKeptMessage)]
[CelRule(ShardedStoreRules.AfterRule, ShardedStoreRules.AfterMessage)]
[CelRule(ShardedStoreRules.AuthKeptRule, ShardedStoreRules.AuthKeptMessage)]
[CelRule(ShardedStoreRules.AuthEngineRule, ShardedStoreRules.AuthEngineMessage)]
[CelRule(ShardedStoreRules.UsersEngineRule, ShardedStoreRules.UsersEngineMessage)]
[CelRule(ShardedStoreRules.UsersAuthRule, ShardedStoreRules.UsersAuthMessage)]
[CelRule(ShardedStoreRules.UserNameRule, ShardedStoreRules.UserNameMessage)]
[CelRule(ShardedStoreRules.TlsKeptRule, ShardedStoreRules.TlsKeptMessage)]
[CelRule(ShardedStoreRules.TlsEngineRule, ShardedStoreRules.TlsEngineMessage)]
[CelRule(ShardedStoreRules.RestoreKeptRule, ShardedStoreRules.RestoreKeptMessage)]
[CelRule(ShardedStoreRules.BackupEngineRule, ShardedStoreRules.BackupEngineMessage)]
[CelRule(ShardedStoreRules.WaitEngineRule, ShardedStoreRules.WaitEngineMessage)]
[CelRule(ShardedStoreRules.MemoryEngineRule, ShardedStoreRules.MemoryEngineMessage)]
[CelRule(ShardedStoreRules.MigrationEngineRule, ShardedStoreRules.MigrationEngineMessage)]
[CelRule(ShardedStoreRules.MigrationSpareRule, ShardedStoreRules.MigrationSpareMessage)]
[CelRule(ShardedStoreRules.MigrationAfterRule, ShardedStoreRules.MigrationAfterMessage)]
public sealed record ShardedStoreSpec
{
    /// <summary>Default of shards.</summary>
    public const int DefaultShards = 3;

    /// <summary>Default of replicasPerShard.</summary>
    public const int DefaultReplicas = 1;

    /// <summary>Stop reconciling; running nodes stay as they are. Default false.</summary>
    [DefaultValue(false)]
    public bool Suspend { get; init; }

    /// <summary>The program that stores.</summary>
    [DefaultsFromFields]
    public StoreEngineSpec Engine { get; init; } = new();

    /// <summary>
    /// Parts that the key space is split into, each with a primary of its own. Default 3. The engines valkey and redis need
    /// at least 3, since a majority of primaries elects a new one. A smaller number drains the last shards first.
    /// </summary>
    [Range(1, 100)]
    [DefaultValue(DefaultShards)]
    public int? Shards { get; init; }

    /// <summary>Copies of each shard beside its primary. Default 1. With 0 the loss of a node is the loss of its keys.</summary>
    [Range(0, 5)]
    [DefaultValue(DefaultReplicas)]
    public int? ReplicasPerShard { get; init; }

    /// <summary>The volume of each node.</summary>
    [DefaultsFromFields]
    public StoreStorageSpec Storage { get; init; } = new();

    /// <summary>What an acknowledged write survives.</summary>
    [DefaultsFromFields]
    public DurabilitySpec Durability { get; init; } = new();

    /// <summary>How slots are spread over the shards.</summary>
    [DefaultsFromFields]
    public RebalancingSpec Rebalancing { get; init; } = new();

    /// <summary>What happens when a primary fails.</summary>
    [DefaultsFromFields]
    public FailoverSpec Failover { get; init; } = new();

    /// <summary>
    /// The password of the store; absent means that whoever reaches a node may use it. Given when the store is made, and its
    /// presence cannot change later; the password can.
    /// </summary>
    public StoreAuthSpec? Auth { get; init; }

    /// <summary>
    /// Users beside the one of spec.auth, each with rights of its own; needs spec.auth. The list is the whole list: any other
    /// user that a node has, however it came there, is removed. Absent means that users are left alone, after those that were
    /// listed before are removed.
    /// </summary>
    [MaxLength(32)]
    [ListMapKeys("name")]
    public IReadOnlyList<StoreUserSpec>? Users { get; init; }

    /// <summary>
    /// TLS on every connection; absent means none. Given when the store is made, and its presence cannot change later; the
    /// certificate can.
    /// </summary>
    public StoreTlsSpec? Tls { get; init; }

    /// <summary>Copies on a volume; absent means none.</summary>
    public StoreBackupSpec? Backup { get; init; }

    /// <summary>A backup that the store begins with, perhaps of a store with another number of shards.</summary>
    public StoreRestoreSpec? RestoreFrom { get; init; }

    /// <summary>Shards with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveShards => Shards ?? DefaultShards;

    /// <summary>Replicas of a shard with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveReplicasPerShard => ReplicasPerShard ?? DefaultReplicas;

    /// <summary>Replicas that a shard keeps when it lends one: enough for the barrier and for its writes.</summary>
    [JsonIgnore]
    public int MigrationBarrier => Math.Max(Rebalancing.ReplicaMigration.EffectiveBarrier, Durability.EffectiveMinReplicasToWrite);
}

/// <summary>The engine of a store.</summary>
public sealed record StoreEngineSpec
{
    /// <summary>
    /// valkey, redis or garnet. Valkey must be 8.1.1 or newer: 8.0.1 crashes on a promotion with slot statistics on. Garnet
    /// elects nobody, so the operator does, and a store may have one or two shards. It has no WAIT: an acknowledged write
    /// that no replica has yet goes with its primary, and minReplicasToWrite must be 0. It does not tell which slots are
    /// used, so rebalancing by load moves nothing but the share of new shards. It takes none of auth, users, backup and replicaMigration.
    /// </summary>
    [AllowedValues(StoreEngines.Valkey, StoreEngines.Redis, StoreEngines.Garnet)]
    [DefaultValue(StoreEngines.Valkey)]
    public string Type { get; init; } = StoreEngines.Valkey;

    /// <summary>Container image; the default follows the type. Its entry point must take the server's own arguments.</summary>
    [MinLength(1)]
    [MaxLength(512)]
    public string? Image { get; init; }

    /// <summary>
    /// Only with garnet: memory of a node for its newest records in MiB; older ones lie on the volume. Default 256. The
    /// index and the log take some 100 MiB beside it. The other engines hold all keys in memory.
    /// </summary>
    [Range(64, 1_048_576)]
    public int? MemoryMiB { get; init; }

    /// <summary>MemoryMiB with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveMemoryMiB => MemoryMiB ?? 256;

    /// <summary>Image with the type's default filled in.</summary>
    [JsonIgnore]
    public string EffectiveImage => Image ?? StoreEngines.DefaultImage(Type);
}

/// <summary>The volume of a node.</summary>
public sealed record StoreStorageSpec
{
    /// <summary>Default of size.</summary>
    public const string DefaultSize = "1Gi";

    /// <summary>Size of each node's volume as a Kubernetes quantity. Default 1Gi. It cannot be changed later.</summary>
    [MaxLength(20)]
    [RegularExpression("^[1-9][0-9]*(Mi|Gi|Ti|M|G|T)?$")]
    [DefaultValue(DefaultSize)]
    public string? Size { get; init; }

    /// <summary>Storage class; absent means the cluster's default. It cannot be changed later.</summary>
    [MinLength(1)]
    [MaxLength(253)]
    public string? ClassName { get; init; }

    /// <summary>Size with the default filled in.</summary>
    [JsonIgnore]
    public string EffectiveSize => Size ?? DefaultSize;
}

/// <summary>What an acknowledged write survives.</summary>
public sealed record DurabilitySpec
{
    /// <summary>
    /// Replicas that must be in reach of a primary for it to take writes (min-replicas-to-write). Default 0. It bounds what a
    /// primary that is cut off goes on to take, and confirms nothing: replication is asynchronous. A write is safe against
    /// the loss of any one node once WAIT has returned replicasPerShard, all of them; where fewer confirmed it, another replica
    /// may be elected. With replicasPerShard: 1, WAIT 1 is enough.
    /// </summary>
    [Range(0, 5)]
    [DefaultValue(0)]
    public int? MinReplicasToWrite { get; init; }

    /// <summary>
    /// When a node writes its log to the disk: always (before the answer), everysec (a power failure may cost a second) or
    /// no (when the system does). The end of a process alone costs nothing in any of them. Default everysec. Garnet writes at
    /// once in all of them, but waits for it only with always: without, also the end of a process costs what was under way.
    /// </summary>
    [AllowedValues("always", "everysec", "no")]
    [DefaultValue("everysec")]
    public string? Fsync { get; init; }

    /// <summary>MinReplicasToWrite with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveMinReplicasToWrite => MinReplicasToWrite ?? 0;

    /// <summary>Fsync with the default filled in.</summary>
    [JsonIgnore]
    public string EffectiveFsync => Fsync ?? "everysec";
}

/// <summary>How slots are spread over the shards.</summary>
public sealed record RebalancingSpec
{
    /// <summary>
    /// load (by the measured load of the slots and its short-term forecast; new shards by number while the load is not
    /// known), keys (the same number of slots for each shard) or off (slots only leave shards that go). Default load. With
    /// load and an engine that does not count by slot, the operator samples the nodes' slow log: a threshold that somebody
    /// sets there does not stay.
    /// </summary>
    [AllowedValues("load", "keys", "off")]
    [DefaultValue("load")]
    public string? Mode { get; init; }

    /// <summary>Load of the busiest shard over the mean at which moving stops; it begins half as far again above 1. Default 1.15.</summary>
    [Range(1.01, 10.0)]
    [DefaultValue(1.15)]
    public double? TargetSkew { get; init; }

    /// <summary>
    /// Most slots moved for balance in an hour, counted over a sliding hour; slots of new and of leaving shards do not
    /// count. Default 2000.
    /// </summary>
    [Range(0, 16384)]
    [DefaultValue(2000)]
    public int? MaxMovesPerHour { get; init; }

    /// <summary>How long a slot that was moved is left where it is, as a Go duration. Default 30s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue("30s")]
    public string? Cooldown { get; init; }

    /// <summary>Replicas that shards lend each other for their reads.</summary>
    [DefaultsFromFields]
    public ReplicaMigrationSpec ReplicaMigration { get; init; } = new();

    /// <summary>Mode with the default filled in.</summary>
    [JsonIgnore]
    public string EffectiveMode => Mode ?? "load";

    /// <summary>Cooldown with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveCooldown => GoDuration.ParseOrDefault(Cooldown, "30s");

    /// <summary>TargetSkew with the default filled in.</summary>
    [JsonIgnore]
    public double EffectiveTargetSkew => TargetSkew ?? 1.15;

    /// <summary>MaxMovesPerHour with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveMaxMovesPerHour => MaxMovesPerHour ?? 2000;
}

/// <summary>What happens when a primary fails.</summary>
public sealed record FailoverSpec
{
    /// <summary>
    /// Silence after which a primary counts as failed, as a Go duration: the engine's node timeout, or where the operator
    /// elects its own wait. At least 500ms. Default 2s.
    /// </summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue("2s")]
    public string? After { get; init; }

    /// <summary>
    /// A person's approval of a takeover without a majority of primaries: the value of status.takeoverToken at the moment
    /// of the decision. It may lose acknowledged writes. The token changes with every change of who answers, so that an
    /// old approval decides nothing new.
    /// </summary>
    [MaxLength(64)]
    public string? ApproveTakeover { get; init; }

    /// <summary>After with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveAfter => GoDuration.ParseOrDefault(After, "2s");
}
