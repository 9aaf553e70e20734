using Ops.Planning.Pools;

namespace Ops.Operator.Scraping;

/// <summary>Two scrapes of a pool's pods -> the numbers of the window between them. Pure.</summary>
internal static class PoolWindow
{
    /// <summary>The window's numbers; without rates while no pod has been scraped twice.</summary>
    /// <param name="before">The previous scrape, by pod uid.</param>
    /// <param name="now">This scrape, by pod uid.</param>
    public static PoolNumbers Numbers(IReadOnlyDictionary<string, PodSample> before, IReadOnlyDictionary<string, PodSample> now)
    {
        var windows = now.Where(pod => before.ContainsKey(pod.Key)).Select(pod => (Old: before[pod.Key], New: pod.Value)).ToList();
        var tokens = Sum(windows.Select(window => Increase(window.Old.Tokens, window.New.Tokens)));
        var joules = Sum(windows.Select(window => Increase(window.Old.Joules, window.New.Joules)));
        var clock = now.Values.Min(pod => pod.ClockMHz);
        return new()
        {
            HasRates = windows.Count > 0 || now.Count == 0,
            Watts = Sum(now.Values.Select(pod => pod.Watts)),
            TokensPerSecond = Sum(windows.Select(window => Increase(window.Old.Tokens, window.New.Tokens) / (window.New.At - window.Old.At))),
            JoulesPerToken = tokens > 0 ? joules / tokens : null,
            RequestsPerSecond = Sum(windows.Select(window => Increase(window.Old.Answers, window.New.Answers) / (window.New.At - window.Old.At))),
            InFlight = Sum(now.Values.Select(pod => pod.InFlight)),
            ClockMHz = clock is { } mhz ? (int)Math.Round(mhz) : null,
        };
    }

    /// <summary>Joules and tokens that the window added, for shares of routes; null where not measured.</summary>
    public static double? Joules(IReadOnlyDictionary<string, PodSample> before, IReadOnlyDictionary<string, PodSample> now) =>
        Sum(now.Where(pod => before.ContainsKey(pod.Key)).Select(pod => Increase(before[pod.Key].Joules, pod.Value.Joules)));

    /// <summary>What a counter gained; one that fell began again at zero.</summary>
    public static double? Increase(double? before, double? now) =>
        now is not { } value || before is not { } start ? null : value >= start ? value - start : value;

    private static double? Sum(IEnumerable<double?> values)
    {
        double? sum = null;
        foreach (var value in values)
        {
            if (value is { } number)
                sum = (sum ?? 0) + number;
        }

        return sum;
    }
}
