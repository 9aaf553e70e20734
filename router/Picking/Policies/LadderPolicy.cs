namespace Ops.Picking;

/// <summary>
/// The queue ladder: the best variant whose pressure is below 1. As queues grow, requests step down to the next
/// quality; as they drain, they step up again. When every rung is under pressure, the one whose GPUs have done the work
/// that stands there and the request's own soonest.
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
            if (Pressure(outlooks[v], snapshot.Objective, request.Streaming) < 1)
                return v;
            var done = Done(snapshot.Variants[v], outlooks[v]);
            if (best < 0 || done < least)
                (best, least) = (v, done);
        }

        return best;
    }

    // Seconds until the work that stands there and the request's own are done. Where neither a curve nor a finish rate
    // says how long the queue takes, each of its requests counts as one like this.
    private static double Done(VariantState variant, in VariantOutlook outlook)
    {
        var work = FleetLoad.WorkSeconds(variant, outlook.PrefillSeconds, outlook.OutputTokens);
        var unknown = variant.Curve is null && outlook.StartDelay == 0 ? outlook.Queued : 0;
        return outlook.BacklogSeconds + (work * (1 + unknown));
    }

    internal static double Pressure(in VariantOutlook outlook, in Objective objective, bool streaming)
    {
        var pressure = Math.Max(outlook.Queued / QueueThreshold, outlook.TimePerOutputToken / objective.TimePerOutputToken);
        pressure = Math.Max(pressure, outlook.KvCacheUsage / KvCacheThreshold);
        return streaming ? Math.Max(pressure, outlook.TimeToFirstToken / objective.TimeToFirstToken) : pressure;
    }
}
