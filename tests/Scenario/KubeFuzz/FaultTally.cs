using System.Collections.Concurrent;

namespace Ops.KubeFuzz.Tests;

/// <summary>The faults that the proxy can inject.</summary>
public enum Fault
{
    /// <summary>The connection is dropped before the request reaches the server.</summary>
    RequestDropped,

    /// <summary>The server carries the request out, its answer is dropped.</summary>
    AnswerDropped,

    /// <summary>The request is never answered.</summary>
    RequestStalled,

    /// <summary>409 Conflict on a write.</summary>
    Status409,

    /// <summary>429 with Retry-After.</summary>
    Status429,

    /// <summary>500 on any request.</summary>
    Status500,

    /// <summary>410 as the status of a watch or of a list's next page.</summary>
    Status410,

    /// <summary>410 as an ERROR event, made up by the proxy.</summary>
    Event410,

    /// <summary>410 from the server itself: its history was compacted while the client was cut off.</summary>
    Compacted410,

    /// <summary>A watch is ended cleanly between two lines.</summary>
    WatchEnded,

    /// <summary>A watch is reset between two lines.</summary>
    WatchReset,

    /// <summary>A watch ends in the middle of a line.</summary>
    WatchCutMidLine,

    /// <summary>A watch stays open and falls silent.</summary>
    WatchStalled,

    /// <summary>An event is delivered twice, or an old one again.</summary>
    EventDuplicated,

    /// <summary>An event is held back behind later ones.</summary>
    EventDelayed,

    /// <summary>The server cannot be reached for a while, during which objects are deleted.</summary>
    Gap,
}

/// <summary>Counts faults by kind.</summary>
public sealed class FaultTally
{
    private readonly ConcurrentDictionary<Fault, int> counts = new();

    public int this[Fault fault] => counts.GetValueOrDefault(fault);

    public int Total => counts.Values.Sum();

    public void Add(Fault fault, int count = 1) => counts.AddOrUpdate(fault, count, (_, n) => n + count);

    public void Add(FaultTally other)
    {
        foreach (var (fault, count) in other.counts)
            Add(fault, count);
    }

    public override string ToString() => string.Join(", ", Enum.GetValues<Fault>().Select(f => $"{f} {this[f]}"));
}
