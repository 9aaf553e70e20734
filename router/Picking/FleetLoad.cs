namespace Ops.Picking;

/// <summary>How much of what a route's replicas can do is asked of them.</summary>
internal static class FleetLoad
{
    // Batch at which a token's share of a step is taken: about where throughput no longer grows much.
    private const int TypicalBatch = 64;

    /// <summary>Seconds of a replica that a request takes for itself.</summary>
    internal static double WorkSeconds(VariantState variant, double prefillSeconds, double outputTokens) =>
        prefillSeconds + (outputTokens * SecondsPerOutputToken(variant));

    /// <summary>Arriving work over capacity, over the last 5 s; 0 without arrivals.</summary>
    internal static double Of(RouteSnapshot snapshot, in RequestFeatures request)
    {
        if (request.Rates.Over5Seconds <= 0)
            return 0;
        var capacity = 0.0;
        foreach (var variant in snapshot.Variants)
        {
            if (variant.Replicas.IsEmpty)
                continue;
            ref readonly var replica = ref variant.Replicas.AsSpan()[0];
            var prompt = request.Rates.PromptTokens / request.Rates.Over5Seconds
                * (variant.Curve?.SecondsPerPromptToken ?? LatencyEstimate.SecondsPerPromptTokenPrior);
            var output = replica.MeanOutputTokens > 0 ? replica.MeanOutputTokens : LatencyEstimate.OutputTokensPrior;
            capacity += variant.Replicas.Length / Math.Max(1e-6, WorkSeconds(variant, prompt, output));
        }

        return capacity > 0 ? request.Rates.Over5Seconds / capacity : 1;
    }

    private static double SecondsPerOutputToken(VariantState variant) =>
        variant.Curve is { } curve ? curve.StepSeconds(TypicalBatch) / TypicalBatch : LatencyEstimate.SecondsPerOutputTokenPrior / TypicalBatch;
}
