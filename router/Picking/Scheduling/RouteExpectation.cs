namespace Ops.Picking;

/// <summary>What a request on a route may be expected to need, before it is known where it goes.</summary>
public static class RouteExpectation
{
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
