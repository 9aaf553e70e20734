namespace Ops.Rca.Sources;

/// <summary>What the values of a series mean.</summary>
public enum SeriesType
{
    /// <summary>Nobody told; the name's ending decides.</summary>
    Unknown,

    /// <summary>Only grows, until its process restarts.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Buckets, sum and count, all counters.</summary>
    Histogram,

    /// <summary>Quantiles (gauges), sum and count.</summary>
    Summary,
}

/// <summary>One series as a program exposes it. Two series are the same if they are one object: a source keeps one for each.</summary>
/// <param name="name">The metric's name, for example http_requests_total.</param>
/// <param name="labels">Its labels.</param>
/// <param name="type">What its values mean.</param>
/// <param name="owner">The service that was asked for it, where the source knows; else null and the labels tell.</param>
public sealed class RawSeries(string name, IReadOnlyDictionary<string, string> labels, SeriesType type, string? owner = null)
{
    /// <summary>The metric's name.</summary>
    public string Name { get; } = name;

    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; } = labels;

    /// <summary>What its values mean.</summary>
    public SeriesType Type { get; } = type;

    /// <summary>The service that was asked for it, or null.</summary>
    public string? Owner { get; } = owner;
}

/// <summary>One value of one series.</summary>
/// <param name="Series">Whose value.</param>
/// <param name="Value">Any number; what is not finite counts as missing.</param>
public readonly record struct Sample(RawSeries Series, double Value);

/// <summary>All values of one moment. A series without one is missing: its process is gone or did not answer.</summary>
/// <param name="Seconds">Seconds since 1970.</param>
/// <param name="Samples">The values.</param>
public sealed record SampleRound(double Seconds, IReadOnlyList<Sample> Samples);

/// <summary>Where metrics come from.</summary>
public interface ISampleSource
{
    /// <summary>Seconds between two rounds.</summary>
    double StepSeconds { get; }

    /// <summary>Reads the rounds that are due up to now and were not read before, the oldest first; none if nothing is due.</summary>
    /// <exception cref="SourceException">Nothing could be read; the message says why and what to do.</exception>
    Task<IReadOnlyList<SampleRound>> ReadAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>What was left out or could not be read in the last reading, one sentence each.</summary>
    IReadOnlyList<string> Notes { get; }
}

/// <summary>A source cannot be read. The message says what is wrong and what to do.</summary>
public sealed class SourceException(string message) : Exception(message);
