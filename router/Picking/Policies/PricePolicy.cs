namespace Ops.Picking;

/// <summary>
/// The adaptive price: the best answer that this request can get, less what it costs the others. Work has a price that
/// rises with the load, so that under load long prompts go where they hold up few, and nothing is dear when there is room.
/// </summary>
/// <remarks>
/// score(v)  = quality(task) x worth - price x held x work^2 x backlog - energyWeight x joules
/// worth     = predicted worth of the answer (<see cref="Worth"/>)
/// held      = 1 + half of the other models' engines on the replica's GPUs: they take turns with it, so those who come to
///             them are held up too. A large model that lies across the GPUs of four small ones costs three times as much
/// work      = seconds of the replica that the request takes: its prefill, and 0.3 of its tokens' share of the steps. It
///             counts twice over: a long prompt holds up those behind it for longer, and more of them come meanwhile
/// backlog   = b / (1 + b / (1.2 x the first token's objective)), b the seconds of work in front of it at the replica, a
///             running step included: who comes behind it waits as long again, but what is late already loses less by the second
/// price     = 70 x sqrt(clip(load, 0.06, 1)) by second cubed
/// load      = arriving work / what the ready replicas can do, over 5 s (1 = as much as they can)
/// joules    = what it adds to the replica's batch; 0 without a curve
/// The largest score wins. None open, or more arriving than the fleet can do and the best score below -0.6: the request is
/// rejected, because serving it would take more from the others than it gives. While there is room nobody is rejected, or long
/// prompts, whose work counts by its square, would be; nor where a variant has no curve, since the load is a guess there.
/// Form and constants come from a random search on simulated streams, the router learning answer lengths: four fleets of 8 H100s
/// under Poisson, bursts, a day, a crowd and stretches of two production traces, each at 0.6, 1 and 1.5 times what the bench
/// asks. What was tried, what it gained on other seeds and what it did not: router/Learning/README.md.
/// </remarks>
public sealed class PricePolicy : IPolicy
{
    /// <summary>Creates the policy.</summary>
    /// <param name="energyWeight">Quality by joule; 0 means that energy does not count.</param>
    public PricePolicy(double energyWeight = 0) => EnergyWeight = energyWeight;

    /// <inheritdoc/>
    public string Name => "price";

    /// <summary>Quality by joule.</summary>
    public double EnergyWeight { get; }

    /// <summary>Price of squared work at full load, by second cubed.</summary>
    internal double FullPrice { get; init; } = 70;

    /// <summary>The least load that the price is taken at.</summary>
    internal double LeastLoad { get; init; } = 0.06;

    /// <summary>The backlog that counts for half of its length, in objectives of the first token; longer ones for less and less.</summary>
    internal double HalfBacklog { get; init; } = 1.2;

    /// <summary>How much of its tokens' share of the steps counts as work.</summary>
    internal double TokenShare { get; init; } = 0.3;

    /// <summary>Below it a request is rejected where more arrives than can be done.</summary>
    internal double LeastScore { get; init; } = -0.6;

    /// <summary>How much of those who come to another engine on the same GPUs counts as held up.</summary>
    internal double NeighbourShare { get; init; } = 0.5;

    /// <inheritdoc/>
    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    /// <inheritdoc/>
    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        var load = FleetLoad.Of(snapshot, request);
        var price = Price(load);
        var best = -1;
        var bestScore = Threshold(snapshot, load);
        foreach (var v in snapshot.ByQuality[request.Task])
        {
            if (!outlooks[v].Open)
                continue;
            var score = Score(snapshot, v, outlooks[v], request, price);
            if (score > bestScore)
                (best, bestScore) = (v, score);
        }

        return best;
    }

    /// <summary>The price of squared work at a load, by second cubed.</summary>
    internal double Price(double load) => FullPrice * Math.Sqrt(Math.Clamp(load, LeastLoad, 1));

    /// <summary>The score below which a request is rejected at a load; infinitely low where nobody is.</summary>
    internal double Threshold(RouteSnapshot snapshot, double load)
    {
        if (load < 1)
            return double.NegativeInfinity;
        foreach (var variant in snapshot.Variants)
        {
            if (variant.Curve is null && !variant.Replicas.IsEmpty)
                return double.NegativeInfinity;
        }

        return LeastScore;
    }

    /// <summary>The score of a variant.</summary>
    internal double Score(RouteSnapshot snapshot, int index, in VariantOutlook outlook, in RequestFeatures request, double price)
    {
        var variant = snapshot.Variants[index];
        var worth = Worth(outlook, snapshot.Objective, request);
        var held = 1 + (NeighbourShare * variant.Replicas.AsSpan()[outlook.Replica].NeighbourCount);
        var ahead = outlook.BacklogSeconds + (outlook.Outstanding > 0 ? outlook.TimePerOutputToken : 0);
        var backlog = ahead / (1 + (ahead / (HalfBacklog * snapshot.Objective.TimeToFirstToken)));
        var work = FleetLoad.WorkSeconds(variant, outlook.PrefillSeconds, TokenShare * outlook.OutputTokens);
        return (variant.Quality[request.Task] * worth) - (price * held * work * work * backlog) - (EnergyWeight * outlook.MarginalJoules);
    }

    /// <summary>
    /// Predicted worth of the answer, 0..1: 1 up to the soft deadline, on a line to 0 at the hard one; for a stream times
    /// objective / first token where that is below 1.
    /// </summary>
    /// <param name="outlook">The prediction.</param>
    /// <param name="objective">The route's objective.</param>
    /// <param name="request">The request.</param>
    /// <param name="margin">How much later than predicted the answer is taken to come.</param>
    internal static double Worth(in VariantOutlook outlook, in Objective objective, in RequestFeatures request, double margin = 1)
    {
        var worth = objective.Worth(request.ElapsedSeconds + (margin * outlook.Completion));
        if (!request.Streaming)
            return worth;
        var firstToken = request.ElapsedSeconds + (margin * outlook.TimeToFirstToken);
        return worth * Math.Min(1, objective.TimeToFirstToken / Math.Max(firstToken, 1e-9));
    }
}
