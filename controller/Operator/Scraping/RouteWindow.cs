using Ops.Planning.Routes;

namespace Ops.Operator.Scraping;

/// <summary>Two scrapes of the routers -> the numbers of the window between them. Pure.</summary>
internal static class RouteWindow
{
    /// <summary>What all routers added between two scrapes, by route and variant; null when there is no window yet.</summary>
    /// <param name="before">The previous scrape, by router pod uid.</param>
    /// <param name="now">This scrape, by router pod uid.</param>
    public static FleetTraffic? Traffic(IReadOnlyDictionary<string, RouterSample> before, IReadOnlyDictionary<string, RouterSample> now)
    {
        var rows = new Dictionary<RouteVariant, RouteCounters>();
        double seconds = 0;
        foreach (var (uid, sample) in now)
        {
            if (!before.TryGetValue(uid, out var old))
                continue;
            seconds = Math.Max(seconds, sample.At - old.At);
            foreach (var (key, counters) in sample.Rows)
                rows[key] = Plus(rows.GetValueOrDefault(key), counters.Since(old.Rows.GetValueOrDefault(key)));
        }

        return seconds > 0 ? new(rows, seconds) : null;
    }

    /// <summary>The numbers of one route.</summary>
    /// <param name="traffic">What all routers added.</param>
    /// <param name="route">The route as routers label it.</param>
    /// <param name="pools">The route's pools.</param>
    /// <param name="joulesOf">Joules of a pool in the same window, or null.</param>
    /// <param name="tokensOf">Tokens that all routes got from a pool in the window.</param>
    public static RouteNumbers Numbers(
        FleetTraffic traffic, string route, IReadOnlyCollection<string> pools, Func<string, double?> joulesOf, Func<string, double> tokensOf)
    {
        var rows = traffic.Rows.Where(row => row.Key.Route == route).ToList();
        var answered = rows.Sum(row => row.Value.Answered);
        var requests = answered + rows.Sum(row => row.Value.Lost);
        return new()
        {
            RequestsPerSecond = requests / traffic.Seconds,
            Availability = requests > 0 ? rows.Sum(row => row.Value.InTime) / requests : null,
            MeanQuality = answered > 0 ? rows.Sum(row => row.Value.Quality) / answered : null,
            JoulesPerRequest = answered > 0 ? Joules(traffic, route, pools, joulesOf, tokensOf) / answered : null,
            PromptTokens = answered > 0 ? rows.Sum(row => row.Value.PromptTokens) / answered : null,
            OutputTokens = answered > 0 ? rows.Sum(row => row.Value.Tokens) / answered : null,
            Shares = answered > 0
                ? pools.ToDictionary(pool => pool, pool => (traffic.Rows.GetValueOrDefault(new(route, pool))?.Answered ?? 0) / answered)
                : new Dictionary<string, double>(),
        };
    }

    // A pool's energy is shared out by the tokens that each route got from it; a pool that served nobody is charged to
    // nobody, since a route cannot help that it idles.
    private static double? Joules(
        FleetTraffic traffic, string route, IReadOnlyCollection<string> pools, Func<string, double?> joulesOf, Func<string, double> tokensOf)
    {
        double sum = 0;
        foreach (var pool in pools)
        {
            var tokens = traffic.Rows.GetValueOrDefault(new(route, pool))?.Tokens ?? 0;
            if (tokens <= 0)
                continue;
            if (joulesOf(pool) is not { } joules)
                return null;
            sum += joules * tokens / tokensOf(pool);
        }

        return sum;
    }

    private static RouteCounters Plus(RouteCounters? left, RouteCounters right) => left is null ? right : new()
    {
        Answered = left.Answered + right.Answered,
        Lost = left.Lost + right.Lost,
        InTime = left.InTime + right.InTime,
        Quality = left.Quality + right.Quality,
        Tokens = left.Tokens + right.Tokens,
        PromptTokens = left.PromptTokens + right.PromptTokens,
    };
}

/// <summary>What all routers added in a window.</summary>
/// <param name="Rows">By route and variant.</param>
/// <param name="Seconds">Length of the window.</param>
internal sealed record FleetTraffic(IReadOnlyDictionary<RouteVariant, RouteCounters> Rows, double Seconds);
