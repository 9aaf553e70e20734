using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Ops.Api;

/// <summary>
/// Copies of a store on a volume: for each shard the engine's own snapshot (RDB) of one moment, and beside them manifest.json
/// with the slots of each. Moments of different shards differ by the time that the copying takes; no slot moves meanwhile.
/// </summary>
public sealed record StoreBackupSpec
{
    /// <summary>Default of keep.</summary>
    public const int DefaultKeep = 7;

    /// <summary>The PersistentVolumeClaim in the store's namespace that they are written to. It is made by a person and stays when the store goes.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(253)]
    public string ClaimName { get; init; } = "";

    /// <summary>One is taken so long after the one before, as a Go duration. Absent: on request only.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    public string? Every { get; init; }

    /// <summary>Complete ones of this store that are kept on the volume; older ones are deleted after a new one is complete. Default 7.</summary>
    [Range(1, 1000)]
    [DefaultValue(DefaultKeep)]
    public int? Keep { get; init; }

    /// <summary>Any text; each new one asks for one backup now.</summary>
    [MaxLength(64)]
    public string? Request { get; init; }

    /// <summary>Keep with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveKeep => Keep ?? DefaultKeep;
}

/// <summary>
/// What a new store begins with. It is refused where the store holds keys. Until the condition Restored is True clients
/// should not write: a key that is there already is not overwritten.
/// </summary>
public sealed record StoreRestoreSpec
{
    /// <summary>The claim with the backup, in this store's namespace.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(253)]
    public string ClaimName { get; init; } = "";

    /// <summary>Name of the store that the backup was taken of; it may have had another number of shards.</summary>
    [Required]
    [MaxLength(45)]
    [RegularExpression("^[a-z]([a-z0-9-]*[a-z0-9])?$")]
    public string Store { get; init; } = "";

    /// <summary>Name of the backup as status.backup.last shows it: its time and its number of shards, 20261126002500-3.</summary>
    [Required]
    [MaxLength(18)]
    [RegularExpression("^[0-9]{14}-[1-9][0-9]{0,2}$")]
    public string Backup { get; init; } = "";

    /// <summary>Shards of the backup.</summary>
    [JsonIgnore]
    public int Shards => int.Parse(Backup.AsSpan(15), System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>The backups of a store.</summary>
public sealed record StoreBackupStatus
{
    /// <summary>The newest complete one; absent before the first.</summary>
    [MaxLength(32)]
    public string? Last { get; init; }

    /// <summary>The one that is being taken; absent while none is.</summary>
    [MaxLength(32)]
    public string? Running { get; init; }

    /// <summary>When the newest one was begun, complete or not.</summary>
    public DateTime? Begun { get; init; }

    /// <summary>The value of spec.backup.request that was followed last.</summary>
    [MaxLength(64)]
    public string? Request { get; init; }

    /// <summary>What was wrong with the newest one; absent when it is complete or running.</summary>
    [MaxLength(256)]
    public string? Failure { get; init; }
}

/// <summary>How far a restore is.</summary>
public sealed record StoreRestoreStatus
{
    /// <summary>The backup that is restored.</summary>
    [MaxLength(32)]
    public string Backup { get; init; } = "";

    /// <summary>Shards of the backup whose keys are all here.</summary>
    public int ShardsDone { get; init; }

    /// <summary>Keys that were read from these shards.</summary>
    public long Keys { get; init; }
}
