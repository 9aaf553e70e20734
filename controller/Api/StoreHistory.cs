using System.ComponentModel.DataAnnotations;

namespace Ops.Api;

/// <summary>Slots that are being moved now, from one shard to another.</summary>
public sealed record StoreMigrationStatus
{
    /// <summary>The shard that gives them.</summary>
    [Required]
    [MaxLength(16)]
    public string From { get; init; } = "";

    /// <summary>The shard that gets them.</summary>
    [Required]
    [MaxLength(16)]
    public string To { get; init; } = "";

    /// <summary>The slots as runs in rising order: "0-63 100".</summary>
    // A plan moves at most 64 slots at a time, each 6 characters with its blank.
    [MaxLength(512)]
    public string Slots { get; init; } = "";
}

/// <summary>Something that happened to a store.</summary>
public sealed record StoreEventStatus
{
    /// <summary>When it happened, or began.</summary>
    public DateTime At { get; init; }

    /// <summary>When it was last seen to go on; absent for what happens at once.</summary>
    public DateTime? Until { get; init; }

    /// <summary>
    /// Failover (a shard has another primary), Restart (a member that hung started anew), Moves (slots changed their shard) or
    /// Lending (a replica was lent, or came back).
    /// </summary>
    [MaxLength(32)]
    public string Kind { get; init; } = "";

    /// <summary>The shard; absent where several are concerned.</summary>
    [MaxLength(16)]
    public string? Shard { get; init; }

    /// <summary>How many: slots for Moves.</summary>
    public int? Count { get; init; }

    /// <summary>What happened, as a sentence.</summary>
    [MaxLength(256)]
    public string Message { get; init; } = "";
}

/// <summary>Kinds of <see cref="StoreEventStatus"/>.</summary>
public static class StoreEventKinds
{
    /// <summary>A shard has another primary.</summary>
    public const string Failover = "Failover";

    /// <summary>A member that hung started anew.</summary>
    public const string Restart = "Restart";

    /// <summary>Slots changed their shard.</summary>
    public const string Moves = "Moves";

    /// <summary>A replica was lent to another shard, or came back.</summary>
    public const string Lending = "Lending";
}
