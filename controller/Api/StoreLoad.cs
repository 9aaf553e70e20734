using System.ComponentModel.DataAnnotations;

namespace Ops.Api;

/// <summary>How the load lies on the slots of a store.</summary>
public sealed record StoreLoadStatus
{
    /// <summary>slotStats (the engine's CPU time by slot) or commands (a sample of the commands that the nodes ran).</summary>
    [MaxLength(16)]
    public string Source { get; init; } = "";

    /// <summary>Load of the busiest shard over the mean of all shards, two significant digits; 1 is even.</summary>
    public double? Skew { get; init; }

    /// <summary>The slots that carried most over the last five minutes, hottest first. At most 8.</summary>
    [MaxLength(8)]
    public IReadOnlyList<StoreHotSlotStatus>? HotSlots { get; init; }
}

/// <summary>A slot that carries much.</summary>
public sealed record StoreHotSlotStatus
{
    /// <summary>The slot, 0..16383.</summary>
    public int Slot { get; init; }

    /// <summary>The shard that serves it.</summary>
    [MaxLength(16)]
    public string? Shard { get; init; }

    /// <summary>Its share of the load of the whole store, 0..1, two significant digits.</summary>
    public double? Share { get; init; }
}

/// <summary>Slots of a shard by their load over the last five minutes.</summary>
public sealed record StoreHeatStatus
{
    /// <summary>Slots among the fewest of the store that together carry half of its load.</summary>
    public int Hot { get; init; }

    /// <summary>The others.</summary>
    public int Warm { get; init; }

    /// <summary>Slots that carry less than a tenth of the mean slot each.</summary>
    public int Cold { get; init; }
}
