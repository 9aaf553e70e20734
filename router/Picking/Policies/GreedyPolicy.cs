namespace Ops.Picking;

/// <summary>
/// The largest expected worth for this request alone: quality x worth at the predicted completion. It looks at no
/// other request, so it holds the best model until its queue hurts.
/// </summary>
/// <remarks>
/// score = quality(task) x worth(m x completion) x first-token factor, with the margin m = 1.25 against predictions
/// that come out short. worth is 1 up to the soft deadline and falls to 0 at the hard one; the first-token factor is
/// min(1, objective / (m x predicted first token)) for streams and 1 otherwise. Where all scores are 0, the soonest
/// completion wins; equal scores go to the variant with fewer outstanding requests.
/// </remarks>
public sealed class GreedyPolicy : IPolicy
{
    internal const double Margin = 1.25;

    /// <inheritdoc/>
    public string Name => "greedy";

    /// <inheritdoc/>
    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    /// <inheritdoc/>
    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        var best = -1;
        var bestScore = double.NegativeInfinity;
        foreach (var v in snapshot.ByQuality[request.Task])
        {
            ref readonly var outlook = ref outlooks[v];
            if (!outlook.Open)
                continue;
            var score = Score(snapshot.Variants[v].Quality[request.Task], outlook, snapshot.Objective, request);
            if (best < 0 || score > bestScore || (score == bestScore && IsBetterTie(outlook, outlooks[best], score)))
                (best, bestScore) = (v, score);
        }

        return best;
    }

    internal static double Score(double quality, in VariantOutlook outlook, in Objective objective, in RequestFeatures request) =>
        quality * PricePolicy.Worth(outlook, objective, request, Margin);

    private static bool IsBetterTie(in VariantOutlook candidate, in VariantOutlook incumbent, double score) =>
        score > 0 ? candidate.Outstanding < incumbent.Outstanding : candidate.Completion < incumbent.Completion;
}
