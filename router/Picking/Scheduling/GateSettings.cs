namespace Ops.Picking;

/// <summary>How a route's requests wait.</summary>
public sealed record GateSettings
{
    /// <summary>Requests that wait at most; 0: none waits, every request goes to a replica's own queue at once.</summary>
    public int MaxQueued { get; init; } = 1_000;

    /// <summary>Bytes of request bodies that wait at most.</summary>
    public long MaxQueuedBytes { get; init; } = 256L << 20;

    /// <summary>Whether a request is refused at once when its turn is expected after it gives up.</summary>
    public bool EarlyRejection { get; init; } = true;

    /// <summary>Milliseconds by which an expensive request can be overtaken, see <see cref="WaitingOrder"/>. Half of the default hard deadline.</summary>
    public long AgingMs { get; init; } = 30_000;
}
