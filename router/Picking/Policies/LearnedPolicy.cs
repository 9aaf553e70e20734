namespace Ops.Picking;

/// <summary>
/// The price rule, corrected by a network where that promises more quality than a margin. Where the state is unlike the
/// training, or a replica's metrics are old, the rule decides alone.
/// </summary>
public sealed class LearnedPolicy : IPolicy
{
    /// <summary>Every variant of a route, and to reject.</summary>
    internal const int MostActions = RouteSnapshot.MaxVariants + 1;

    private readonly PolicyModel _model;
    private readonly PricePolicy _rule;

    /// <summary>Creates the policy.</summary>
    /// <param name="model">Trained for the route's variants.</param>
    /// <param name="rule">Decides where the model does not.</param>
    public LearnedPolicy(PolicyModel model, PricePolicy rule) => (_model, _rule) = (model, rule);

    /// <inheritdoc/>
    public string Name => "learned";

    /// <inheritdoc/>
    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    /// <inheritdoc/>
    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        Span<float> rows = stackalloc float[MostActions * PolicyFeatures.Count];
        Span<float> advantages = stackalloc float[MostActions];
        return Decide(snapshot, request, outlooks, rows, advantages).Choice;
    }

    /// <summary>The choice, beside the rule's own and how it came about.</summary>
    /// <param name="snapshot">The route.</param>
    /// <param name="request">The request.</param>
    /// <param name="outlooks">One row a variant; at least one is open.</param>
    /// <param name="rows">Filled with what was looked at, see <see cref="Describe"/>.</param>
    /// <param name="advantages">Filled with what each variant, and last to reject, promises over the rule's choice; not a number where that cannot be said.</param>
    internal LearnedDecision Decide(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks, Span<float> rows, Span<float> advantages)
    {
        advantages.Fill(float.NaN);
        var rule = Describe(_rule, snapshot, request, outlooks, rows);
        if (rule >= 0 && !IsFresh(snapshot, rule, outlooks[rule], request))
            return new(rule, rule, LearnedVerdict.NotFresh);
        advantages[rule < 0 ? outlooks.Length : rule] = 0;
        var best = rule;
        var (judged, stale) = (0, 0);
        var bestAdvantage = (float)_model.Margin;
        for (var action = 0; action <= outlooks.Length; action++)
        {
            var variant = action == outlooks.Length ? -1 : action;
            if (variant == rule || (variant >= 0 && !outlooks[variant].Open))
                continue;
            if (variant >= 0 && !IsFresh(snapshot, variant, outlooks[variant], request))
            {
                stale++;
                continue;
            }

            var row = rows.Slice(action * PolicyFeatures.Count, PolicyFeatures.Count);
            if (!_model.Knows(row))
                continue;
            judged++;
            var advantage = advantages[action] = _model.Advantage(row);
            if (advantage > bestAdvantage)
                (best, bestAdvantage) = (variant, advantage);
        }

        var verdict = best != rule ? LearnedVerdict.Overruled : judged > 0 ? LearnedVerdict.Agreed : stale > 0 ? LearnedVerdict.NotFresh : LearnedVerdict.OutsideTraining;
        return new(best, rule, verdict);
    }

    /// <summary>Fills one row a variant and one, the last, for rejecting; returns the rule's choice, -1 for rejecting.</summary>
    internal static int Describe(PricePolicy rule, RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks, Span<float> rows)
    {
        var load = FleetLoad.Of(snapshot, request);
        var price = rule.Price(load);
        var threshold = rule.Threshold(snapshot, load);
        var choice = -1;
        var bestScore = threshold;
        foreach (var v in snapshot.ByQuality[request.Task])
        {
            if (!outlooks[v].Open)
                continue;
            var score = rule.Score(snapshot, v, outlooks[v], request, price);
            var worth = PricePolicy.Worth(outlooks[v], snapshot.Objective, request);
            PolicyFeatures.Candidate(snapshot, v, outlooks[v], request, worth, score, Part(rows, v));
            if (score > bestScore)
                (choice, bestScore) = (v, score);
        }

        PolicyFeatures.Reject(threshold, Part(rows, outlooks.Length));
        var chosen = Part(rows, choice < 0 ? outlooks.Length : choice);
        for (var action = 0; action <= outlooks.Length; action++)
        {
            var row = rows.Slice(action * PolicyFeatures.Count, PolicyFeatures.Count);
            PolicyFeatures.Fleet(snapshot, request, load, row);
            chosen.CopyTo(row[(PolicyFeatures.Shared + PolicyFeatures.Own)..]);
        }

        return choice;
    }

    private static bool IsFresh(RouteSnapshot snapshot, int variant, in VariantOutlook outlook, in RequestFeatures request) =>
        snapshot.Variants[variant].Replicas[outlook.Replica].IsFresh(request.NowMs);

    private static Span<float> Part(Span<float> rows, int action) =>
        rows.Slice((action * PolicyFeatures.Count) + PolicyFeatures.Shared, PolicyFeatures.Own);
}
