using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>Users of a store.</summary>
public static class StoreUsers
{
    /// <summary>The user of nodes, operator and spec.auth: the one that a client is who names none.</summary>
    public const string Own = "default";
}

/// <summary>
/// A user of a store: who logs in with a name and a password of its own, and may do what is listed here and nothing else. It is
/// made, changed and removed on every node while the store runs.
/// </summary>
public sealed record StoreUserSpec
{
    /// <summary>Its name: 1 to 63 of the characters A-Z a-z 0-9 _ . -, the first a letter or digit. Not default.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(63)]
    [RegularExpression("^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    public string Name { get; init; } = "";

    /// <summary>Where its password lies. The operator's account needs get on that Secret, as manifests/samples/store-users.yaml grants it.</summary>
    [Required]
    public StoreUserSecretReference PasswordSecretRef { get; init; } = new();

    /// <summary>Whether it may log in. With false its open connections are closed too. Default true.</summary>
    [DefaultValue(true)]
    public bool? Enabled { get; init; }

    /// <summary>
    /// What it may call, beginning with nothing. Three groups: read and write (what reads and what changes keys, with what a
    /// client of a cluster asks besides, and without what the engine calls dangerous), admin (all but what takes nodes out of
    /// the operator's hands: ACL, CLUSTER, CONFIG SET, DEBUG, FAILOVER, MIGRATE, MODULE, REPLICAOF, SHUTDOWN). After the groups
    /// come, in their order, single rules of the engine: +@CATEGORY, -@CATEGORY, +COMMAND, -COMMAND, +COMMAND|SUBCOMMAND.
    /// </summary>
    [Required]
    [MinLength(1)]
    [MaxLength(64)]
    [Items(MaxLength = 96, Pattern = @"^(read|write|admin|[+-]@[a-z]+|[+-][a-z][a-z0-9._-]*(\|[a-z][a-z0-9-]*)?)$")]
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>Keys that it may touch, as the engine's patterns: cart:*. Without blanks. Default none.</summary>
    [MaxLength(32)]
    [Items(MaxLength = 256, Pattern = Word)]
    public IReadOnlyList<string>? Keys { get; init; }

    /// <summary>Channels that it may publish and subscribe to, as the engine's patterns; +@pubsub allows the commands. Default none.</summary>
    [MaxLength(32)]
    [Items(MaxLength = 256, Pattern = Word)]
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary>Enabled with the default filled in.</summary>
    [JsonIgnore]
    public bool EffectiveEnabled => Enabled ?? true;

    private const string Word = @"^[^\x00-\x20\x7f]+$";
}

/// <summary>An entry of a Secret in the store's namespace. Several users may have entries of one Secret.</summary>
public sealed record StoreUserSecretReference
{
    /// <summary>Name of the Secret. A change takes effect in some 10 seconds; connections that are open stay open.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(253)]
    public string Name { get; init; } = "";

    /// <summary>The entry, 1 to 512 bytes; line ends at its end do not count. Default password.</summary>
    [MinLength(1)]
    [MaxLength(253)]
    [RegularExpression("^[A-Za-z0-9._-]+$")]
    [DefaultValue(StoreSecretEntries.Password)]
    public string? Key { get; init; }

    /// <summary>Key with the default filled in.</summary>
    [JsonIgnore]
    public string EffectiveKey => Key ?? StoreSecretEntries.Password;
}

/// <summary>A user as the nodes have it.</summary>
public sealed record StoreUserStatus
{
    /// <summary>Its name.</summary>
    [Required]
    [MaxLength(63)]
    public string Name { get; init; } = "";

    /// <summary>Nodes that have it as the spec says, of all: 5/6. Of one that is being removed, nodes that may still have it.</summary>
    [MaxLength(16)]
    public string Nodes { get; init; } = "";

    /// <summary>Whether it is no longer in the spec, and a node that does not answer may still have it.</summary>
    public bool? Removing { get; init; }
}
