namespace Ops.Picking;

/// <summary>How waiting ended.</summary>
public enum WaitEnd
{
    /// <summary>There is room; the request has been counted in.</summary>
    Started,

    /// <summary>Its hard deadline can no longer be met.</summary>
    Expired,

    /// <summary>The queue was full and another request had more right to a place.</summary>
    Displaced,
}

/// <summary>A request that waits for room at the fleet.</summary>
public abstract class WaitingRequest
{
    /// <summary>Whose request it is.</summary>
    public required TenantShare Tenant { get; init; }

    /// <summary>Its priority on the route.</summary>
    public required PriorityLevel Priority { get; init; }

    /// <summary>When it came, in milliseconds.</summary>
    public required long ArrivedAtMs { get; init; }

    /// <summary>When it gives up waiting, in milliseconds: later its first token could not come before the hard deadline.</summary>
    public required long GivesUpAtMs { get; init; }

    /// <summary>Expected <see cref="ServiceCost"/>.</summary>
    public required double Cost { get; init; }

    /// <summary>Expected <see cref="ServiceCost.Length"/>.</summary>
    public required double Length { get; init; }

    /// <summary>Sum of the lengths that the request's program has had already; 0 without a program.</summary>
    public double ProgramLength { get; init; }

    /// <summary>Quality of experience that its reader loses with each second of waiting; see <see cref="ReadingQuality"/>.</summary>
    public double LossPerSecond { get; init; }

    /// <summary>Bytes of memory that the request holds while it waits.</summary>
    public long Bytes { get; init; }

    /// <summary>The place in the tenant's order, see <see cref="WaitingOrder"/>.</summary>
    internal long Due { get; set; }

    internal long Sequence { get; set; }

    /// <summary>The tenant's queue that it stands in, or stood in when it was started.</summary>
    internal TenantQueue? Queue { get; set; }

    /// <summary>
    /// Told once, under the gate's lock, unless the request was withdrawn before. Must return at once and must not call
    /// the gate.
    /// </summary>
    protected internal abstract void End(WaitEnd end);
}
