namespace Ops.Picking;

/// <summary>What a request on a route may be expected to need, before it is known where it goes.</summary>
public static class RouteExpectation
{
    /// <summary>Expected output tokens: the mean of the route's answers, at most the request's own limit.</summary>
    public static double OutputTokens(RouteSnapshot snapshot, int? maxTokens)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var (sum, count) = (0.0, 0);
        foreach (var variant in snapshot.Variants)
        {
            foreach (ref readonly var replica in variant.Replicas.AsSpan())
            {
                if (replica.MeanOutputTokens > 0)
                    (sum, count) = (sum + replica.MeanOutputTokens, count + 1);
            }
        }

        var mean = count > 0 ? sum / count : LatencyEstimate.OutputTokensPrior;
        return maxTokens is { } limit ? Math.Min(limit, mean) : mean;
    }

    /// <summary>Seconds to the first token on the fastest replica if it began at once; a lower bound, 0 where nothing is known.</summary>
    public static double SoonestFirstToken(RouteSnapshot snapshot, int promptTokens, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var soonest = double.PositiveInfinity;
        foreach (var variant in snapshot.Variants)
        {
            foreach (ref readonly var replica in variant.Replicas.AsSpan())
                soonest = Math.Min(soonest, replica.IsFresh(nowMs) ? promptTokens * replica.SecondsPerPromptToken : 0);
        }

        return double.IsPositiveInfinity(soonest) ? 0 : soonest;
    }
}
