namespace Ops.Healing.Goals;

/// <summary>The samples of one pod in the last seconds. Immutable.</summary>
/// <param name="Samples">The oldest first; at most 9, of 15 s every 2 s.</param>
public sealed record PodSeries(IReadOnlyList<PodSample> Samples)
{
    /// <summary>How far back samples count: as long as a person watches a number before believing it.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(15);

    // A sample that is older says nothing about now.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(8);

    // Rates need some time between their two ends.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(3);

    private const int MaxSamples = 9;

    /// <summary>No sample.</summary>
    public static PodSeries Empty { get; } = new([]);

    /// <summary>With a newer sample, without what is too old. A process that began anew begins the series anew.</summary>
    /// <param name="sample">The newest.</param>
    public PodSeries With(PodSample sample)
    {
        if (Samples.Count > 0 && (sample.At <= Samples[^1].At || sample.CpuSeconds < Samples[^1].CpuSeconds || sample.Requests?.Count < Samples[^1].Requests?.Count))
            return new([sample]);
        return new([.. Samples.Where(one => sample.At - one.At <= Window).TakeLast(MaxSamples - 1), sample]);
    }

    /// <summary>What the samples tell; null where they are too few or too old.</summary>
    /// <param name="now">The time.</param>
    public PodReading? Reading(DateTimeOffset now)
    {
        if (Samples is not [var first, .., var last] || now - last.At > Fresh || last.At - first.At < Shortest)
            return null;
        var seconds = (last.At - first.At).TotalSeconds;
        return new(
            (last.CpuSeconds - first.CpuSeconds) / seconds,
            last.MemoryBytes,
            // A histogram whose first request came in between began with none.
            last.Requests is null ? null : (last.Requests.Since(first.Requests ?? RequestTimes.None), seconds));
    }
}

/// <summary>What one pod did in the window.</summary>
/// <param name="Cores">Processor use in cores.</param>
/// <param name="MemoryBytes">Memory now.</param>
/// <param name="Requests">Requests that it answered, and in how many seconds.</param>
public sealed record PodReading(double? Cores, double? MemoryBytes, (RequestTimes Times, double Seconds)? Requests);
