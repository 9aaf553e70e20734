using Ops.Picking;

namespace Ops.Router;

/// <summary>How often each replica's metrics are read: the more replicas, the less often, as far as figures stay fresh.</summary>
/// <remarks>
/// interval = max(configured, min(replicas / 400 a second, half of the time after which figures are stale))
/// A page costs about 0.1 ms, so 400 a second cost 4 % of a core. From 1,000 replicas on freshness decides, and the
/// pages a second grow with the replicas again: a page that comes a second late is still fresh then.
/// </remarks>
internal static class ScrapePace
{
    private const int PagesPerSecond = 400;
    private const long LongestMs = ReplicaState.StaleAfterMs / 2;

    /// <summary>Milliseconds between two readings of a replica.</summary>
    internal static long IntervalMs(TimeSpan configured, int replicas) =>
        Math.Max((long)configured.TotalMilliseconds, Math.Min(replicas * 1_000L / PagesPerSecond, LongestMs));
}
