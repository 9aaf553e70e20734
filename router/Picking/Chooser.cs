namespace Ops.Picking;

/// <summary>
/// The choice: outlook for each variant, admission, policy. A pure function of its arguments and of the in-flight
/// counts; takes no lock and allocates nothing.
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
            return new Choice(ChoiceKind.Saturated, -1, -1, Admission.PolicyRetrySeconds, 0, 0);
        ref readonly var chosen = ref outlooks[variant];
        return new Choice(ChoiceKind.Chosen, variant, chosen.Replica, 0, chosen.TimeToFirstToken, chosen.Completion);
    }

    private static void Look(RouteSnapshot snapshot, in RequestFeatures request, in TriedReplicas tried, Span<VariantOutlook> outlooks)
    {
        var variants = snapshot.Variants.AsSpan();
        for (var v = 0; v < variants.Length; v++)
        {
            ref var outlook = ref outlooks[v];
            var replicas = variants[v].Replicas.AsSpan();
            LeastLoaded.Pick(ref outlook, replicas, request, tried);
            if (outlook.Replica >= 0)
                LatencyEstimate.Fill(ref outlook, replicas[outlook.Replica], request);
        }
    }
}
