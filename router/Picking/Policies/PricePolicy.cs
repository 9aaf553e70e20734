namespace Ops.Picking;

/// <summary>
/// The adaptive price: the best answer that this request can get, less what it costs the others. Work has a price that
/// rises with the load, so that under load long prompts go where they hold up few, and nothing is dear when there is room.
/// </summary>
/// <remarks>
/// score(v)  = quality(task) x worth - price x work^2 x backlog - energyWeight x joules
/// worth     = predicted worth of the answer, 1.1 times as late as predicted (<see cref="Worth"/>)
/// work      = seconds of the replica that the request takes: its prefill, and half of its tokens' share of the steps. It
///             counts twice over: a long prompt holds up those behind it for longer, and more of them come meanwhile
/// backlog   = b / (1 + b / (0.6 x the first token's objective)), b the seconds of work in front of it at the replica, a
///             running step included: who comes behind it waits as long again, but what is late already loses less by the second
/// price     = 130 x clip(load, 0.06, 1)^(1/4) by second cubed
/// load      = arriving work / what the ready replicas can do, over 5 s (1 = as much as they can)
/// joules    = what it adds to the replica's batch; 0 without a curve
/// The largest score wins. None open, or more arriving than the fleet can do and the best score below -1: the request is
/// rejected, because serving it would take more from the others than it gives. While there is room nobody is rejected, or long
/// prompts, whose work counts by its square, would be; nor where a variant has no curve, since the load is a guess there.
/// Form and constants are the best of a random search on simulated streams: four fleets of 8 H100s under Poisson, bursts, a
/// day, a crowd and stretches of two production traces, each at 0.6, 1 and 1.5 times what the bench asks. On other seeds the
/// mean performance was 89.4 points, when requests were rejected below full load as well; with work to the first power and a
/// backlog cut off at 1.1 objectives it was 87.8, and in no pair of fleet and stream higher. The bench draws other seeds again,
/// but its stretches of the two traces overlap those.
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
    internal double FullPrice { get; init; } = 130;

    /// <summary>The least load that the price is taken at.</summary>
    internal double LeastLoad { get; init; } = 0.06;

    /// <summary>The backlog that counts for half of its length, in objectives of the first token; longer ones for less and less.</summary>
    internal double HalfBacklog { get; init; } = 0.6;

    /// <summary>How much of its tokens' share of the steps counts as work.</summary>
    internal double TokenShare { get; init; } = 0.5;

    /// <summary>Below it a request is rejected where more arrives than can be done.</summary>
    internal double LeastScore { get; init; } = -1;

    /// <summary>How much later than predicted an answer is taken to come.</summary>
    internal double Margin { get; init; } = 1.1;

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
    internal double Price(double load) => FullPrice * Math.Sqrt(Math.Sqrt(Math.Clamp(load, LeastLoad, 1)));

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
        var worth = Worth(outlook, snapshot.Objective, request, Margin);
        var ahead = outlook.BacklogSeconds + (outlook.Outstanding > 0 ? outlook.TimePerOutputToken : 0);
        var backlog = ahead / (1 + (ahead / (HalfBacklog * snapshot.Objective.TimeToFirstToken)));
        var work = FleetLoad.WorkSeconds(variant, outlook.PrefillSeconds, TokenShare * outlook.OutputTokens);
        return (variant.Quality[request.Task] * worth) - (price * work * work * backlog) - (EnergyWeight * outlook.MarginalJoules);
    }

    /// <summary>
    /// Predicted worth of the answer, 0..1: 1 up to the soft deadline, on a line to 0 at the hard one; for a stream times
    /// objective / first token where that is below 1.
    /// </summary>
    internal static double Worth(in VariantOutlook outlook, in Objective objective, in RequestFeatures request, double margin)
    {
        var worth = objective.Worth(request.ElapsedSeconds + (margin * outlook.Completion));
        if (!request.Streaming)
            return worth;
        var firstToken = request.ElapsedSeconds + (margin * outlook.TimeToFirstToken);
        return worth * Math.Min(1, objective.TimeToFirstToken / Math.Max(firstToken, 1e-9));
    }
}
