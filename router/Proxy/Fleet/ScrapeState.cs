using Ops.Picking;

namespace Ops.Router;

/// <summary>The scraper's memory of one replica.</summary>
internal sealed class ScrapeState
{
    private readonly ObservationWindow _window = new();

    /// <summary>When the next scrape is due, in milliseconds.</summary>
    internal long DueMs { get; set; }

    /// <summary>Whether a scrape is under way; set and cleared by the scraper's loop and its scrapes.</summary>
    internal int Busy;

    /// <summary>Failures in a row.</summary>
    internal int Failures { get; set; }

    /// <summary>GPU joules at the last scrape; null before the first.</summary>
    internal double? EnergyJoules { get; private set; }

    /// <summary>How often the engine was seen to begin anew.</summary>
    internal int Restarts => _window.Restarts;

    /// <summary>Takes a scrape in.</summary>
    /// <param name="sample">The counters.</param>
    /// <param name="atMs">When they were read.</param>
    /// <param name="own">This router's requests at the replica at that moment.</param>
    /// <param name="joules">GPU joules since the previous scrape; 0 on the first.</param>
    internal ReplicaFigures Add(in EngineSample sample, long atMs, int own, out double joules)
    {
        joules = EnergyJoules is { } before ? sample.EnergyJoules - before : 0;
        // After a restart the counter began at 0 again; what it shows was used since.
        if (joules < 0)
            joules = sample.EnergyJoules;
        EnergyJoules = sample.EnergyJoules;
        return _window.Add(sample, atMs, own);
    }
}
