using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Ops.Api;

/// <summary>
/// Replicas that change their shard for a while: a shard whose nodes read much more than the others borrows one of a shard
/// whose nodes read little, and gives it back when the reads even out or its own shard needs it. It is named after the
/// engines' own replica migration, which follows primaries that have lost all replicas and looks at no load; that stays off.
/// </summary>
public sealed record ReplicaMigrationSpec
{
    /// <summary>
    /// reads (by the keys that nodes read; clients must read from replicas too, READONLY) or off (none is lent, and those
    /// that are go back). Default off. A change copies a whole shard. Where a replica is lent, WAIT counts it too: a write
    /// is safe once WAIT returned status.shards[].replicas of its shard.
    /// </summary>
    [AllowedValues("off", "reads")]
    [DefaultValue("off")]
    public string? Mode { get; init; }

    /// <summary>
    /// Replicas in step that a shard keeps of its own when it lends one, as cluster-migration-barrier; never fewer than
    /// durability.minReplicasToWrite. Default 1. It must be below replicasPerShard.
    /// </summary>
    [Range(1, 5)]
    [DefaultValue(1)]
    public int? Barrier { get; init; }

    /// <summary>
    /// How long the reads must be so uneven, or so even, before a replica changes its shard, as a Go duration; it is counted
    /// anew after each change. At least 10s. Default 5m.
    /// </summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue("5m")]
    public string? After { get; init; }

    /// <summary>Whether replicas are lent.</summary>
    [JsonIgnore]
    public bool IsOn => Mode == "reads";

    /// <summary>Barrier with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveBarrier => Barrier ?? 1;

    /// <summary>After with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveAfter => GoDuration.ParseOrDefault(After, "5m");
}
