namespace Ops.Picking;

/// <summary>
/// The choice: best replica and outlook of each variant, admission, policy. A function of its arguments, of the in-flight
/// counts and of what the prefix index remembers; takes no lock and allocates nothing.
/// </summary>
public static class Chooser
{
    /// <summary>Chooses a variant and a replica for a request.</summary>
    /// <param name="snapshot">The route as last observed.</param>
    /// <param name="policy">How a variant is chosen.</param>
    /// <param name="request">What is known about the request.</param>
    /// <param name="tried">Replicas that failed this request before.</param>
    public static Choice Choose(RouteSnapshot snapshot, IPolicy policy, in RequestFeatures request, in TriedReplicas tried)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(policy);
        Span<VariantOutlook> rows = stackalloc VariantOutlook[RouteSnapshot.MaxVariants];
        var outlooks = rows[..snapshot.Variants.Length];
        Look(snapshot, request, tried, outlooks);

        var admitted = Admission.Open(snapshot, policy, request, outlooks);
        if (admitted.Kind != ChoiceKind.Chosen)
            return admitted;

        var variant = policy.Choose(snapshot, request, outlooks);
        if (variant < 0)
            return new Choice(ChoiceKind.Declined, -1, -1, Admission.PolicyRetrySeconds, 0, 0);
        ref readonly var chosen = ref outlooks[variant];
        return new Choice(ChoiceKind.Chosen, variant, chosen.Replica, 0, chosen.TimeToFirstToken, chosen.Completion) { CachedTokens = chosen.CachedTokens, MarginalJoules = chosen.MarginalJoules };
    }

    /// <summary>Notes where a request was sent, for the prefixes and sessions of later ones.</summary>
    /// <param name="snapshot">The snapshot of the choice.</param>
    /// <param name="request">The request.</param>
    /// <param name="choice">Where it goes.</param>
    public static void Sent(RouteSnapshot snapshot, in RequestFeatures request, in Choice choice)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        snapshot.Rules.Prefixes?.Record(request.PromptBlocks.Span, request.CacheSalt, request.Session, snapshot.Variants[choice.Variant].Replicas[choice.Replica].Cache);
    }

    /// <summary>Fills one row a variant.</summary>
    internal static void Look(RouteSnapshot snapshot, in RequestFeatures request, in TriedReplicas tried, Span<VariantOutlook> outlooks)
    {
        var rules = snapshot.Rules;
        // 4 KB at most: a snapshot bounds the replicas of a variant.
        Span<int> loads = stackalloc int[snapshot.MostReplicas];
        var match = new CacheMatch(stackalloc uint[CacheMatch.Slots]);
        rules.Prefixes?.Find(request.PromptBlocks.Span, request.CacheSalt, request.Session, ref match);

        var variants = snapshot.Variants.AsSpan();
        for (var v = 0; v < variants.Length; v++)
        {
            ref var outlook = ref outlooks[v];
            ReplicaPick.Pick(ref outlook, variants[v], rules, request, tried, match, loads);
            if (outlook.Replica >= 0)
                LatencyEstimate.Fill(ref outlook, variants[v].Replicas.AsSpan()[outlook.Replica], variants[v].Curve, request);
        }
    }
}
