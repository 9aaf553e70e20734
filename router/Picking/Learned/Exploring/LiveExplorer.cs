namespace Ops.Picking;

/// <summary>
/// Has a learned policy that is in force take another variant now and then, so that what this leads to can be learned from. A hash
/// of the request decides, so the same request at the same moment is always decided alike. Takes a lock for the few choices that
/// are remembered, else none.
/// </summary>
/// <remarks>
/// A request explores with the probability <see cref="Share"/>, and then takes one of the other variants, each as likely, whose
/// predicted advantage is at most <see cref="MostLoss"/> below the choice's; so the expected cost is at most share x 0.02 quality
/// by request, as the policy predicts it. With three times that probability the same is drawn and remembered but not followed: the
/// controls. So of the draws that are remembered a fair die decided which were followed. To refuse a request is never drawn.
/// </remarks>
public sealed class LiveExplorer
{
    /// <summary>The largest share of requests.</summary>
    public const double MostShare = 0.05;

    /// <summary>How much less than the choice's a candidate's predicted advantage may be, in quality delivered.</summary>
    public const double MostLoss = 0.02;

    /// <summary>Share of the remembered draws that are followed. Controls cost nothing: three for each tell half as much again as one.</summary>
    public const double FollowedShare = 0.25;

    private double _share;

    /// <summary>Creates one that does nothing yet.</summary>
    /// <param name="hardDeadline">The route's, in seconds: until then what a choice led to is waited for.</param>
    public LiveExplorer(double hardDeadline) => Outcomes = new OutcomeRing(hardDeadline);

    /// <summary>Share of the requests that explore where there is something to explore, 0..<see cref="MostShare"/>.</summary>
    public double Share
    {
        get => Volatile.Read(ref _share);
        set => Volatile.Write(ref _share, Math.Clamp(value, 0, MostShare));
    }

    /// <summary>What was remembered.</summary>
    public OutcomeRing Outcomes { get; }

    /// <summary>The variant to take instead of the decision's choice, or that choice.</summary>
    /// <param name="request">The request.</param>
    /// <param name="decision">What the policy decided.</param>
    /// <param name="rows">What it looked at: a row a variant, last one for refusing.</param>
    /// <param name="advantages">What it predicts, likewise; not a number where it cannot judge.</param>
    internal int Choose(in RequestFeatures request, in LearnedDecision decision, ReadOnlySpan<float> rows, ReadOnlySpan<float> advantages)
    {
        var share = Share;
        var hash = KeyHash.Combine((ulong)request.NowMs, request.Spread);
        var draw = (hash >> 11) * (1.0 / (1UL << 53));
        if (draw >= share / FollowedShare)
            return decision.Choice;
        var choice = decision.Choice < 0 ? advantages.Length - 1 : decision.Choice;
        var least = advantages[choice] - (float)MostLoss;
        var candidates = 0;
        for (var v = 0; v < advantages.Length - 1; v++)
            candidates += v != choice && advantages[v] >= least ? 1 : 0;
        if (candidates == 0)
            return decision.Choice;

        var candidate = Nth(advantages, choice, least, (int)(KeyHash.Mix(hash) % (ulong)candidates));
        var followed = draw < share;
        var kept = Outcomes.Add(new()
        {
            AtMs = request.NowMs,
            Followed = followed,
            ChoiceIsRule = decision.Choice == decision.Rule,
            Propensity = (float)(share / candidates),
        }, Row(rows, candidate), Row(rows, choice));
        return followed && kept ? candidate : decision.Choice;
    }

    private static int Nth(ReadOnlySpan<float> advantages, int choice, float least, int n)
    {
        for (var v = 0; ; v++)
        {
            if (v != choice && advantages[v] >= least && n-- == 0)
                return v;
        }
    }

    private static ReadOnlySpan<float> Row(ReadOnlySpan<float> rows, int action) => rows.Slice(action * PolicyFeatures.Count, PolicyFeatures.Count);
}
