namespace Ops.Picking;

/// <summary>
/// The queue ladder: the best variant whose pressure is below 1. As queues grow, requests step down to the next
/// quality; as they drain, they step up again. When every rung is under pressure the least pressed one is taken.
/// </summary>
/// <remarks>
/// The pressure of a variant is the largest of
///   queued requests at its best replica / 4           a queue of 4 is a burst, more is a lasting lack of capacity
///   predicted first token / its objective             only for streams
///   predicted time by output token / its objective
///   KV cache in use / 0.95                            above it engines begin to pre-empt, which costs more than a step down
/// It is taken at the best replica because that is where the request would go.
/// </remarks>
public sealed class LadderPolicy : IPolicy
{
    internal const double QueueThreshold = 4;
    internal const double KvCacheThreshold = 0.95;

    /// <inheritdoc/>
    public string Name => "ladder";

    /// <inheritdoc/>
    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    /// <inheritdoc/>
    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        var best = -1;
        var least = double.PositiveInfinity;
        foreach (var v in snapshot.ByQuality[request.Task])
        {
            if (!outlooks[v].Open)
                continue;
            var pressure = Pressure(outlooks[v], snapshot.Objective, request.Streaming);
            if (pressure < 1)
                return v;
            if (best < 0 || pressure < least)
                (best, least) = (v, pressure);
        }

        return best;
    }

    internal static double Pressure(in VariantOutlook outlook, in Objective objective, bool streaming)
    {
        var pressure = Math.Max(outlook.Queued / QueueThreshold, outlook.TimePerOutputToken / objective.TimePerOutputToken);
        pressure = Math.Max(pressure, outlook.KvCacheUsage / KvCacheThreshold);
        return streaming ? Math.Max(pressure, outlook.TimeToFirstToken / objective.TimeToFirstToken) : pressure;
    }
}
