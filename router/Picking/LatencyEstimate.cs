namespace Ops.Picking;

/// <summary>
/// Predicts what happens to a request on a replica from the replica's live figures.
/// </summary>
/// <remarks>
/// queued      = max(0, outstanding - batch limit), at least the observed queue while there is one
/// start delay = queued / finish rate           (0 when either is unknown: a lower bound, so admission never rejects on a guess)
/// backlog     = start delay + own prompts that have not begun to answer x seconds by prompt token
///               + the same of the neighbour on its GPUs that has most: engines take turns, so this is the worst case; it
///               keeps the larger model free while the smaller one is busy, and would else have half of its GPUs
/// first token = backlog + seconds by output token + (prompt - cached tokens) x seconds by prompt token
///               (the middle term is the engine's step that is running when the request comes)
/// completion  = first token + output tokens x seconds by output token
///               (those expected of the request, else the replica's mean, at most the request's limit)
/// With a curve the seconds by prompt token are the curve's, and the seconds by output token at least the curve's at this
/// batch. Without one they are what the replica showed; that figure holds the prompts that went before, so they are not
/// counted a second time.
/// </remarks>
internal static class LatencyEstimate
{
    /// <summary>vLLM's default max-num-seqs, used until requests were seen to queue.</summary>
    internal const int BatchLimitPrior = 256;

    /// <summary>10,000 prompt tokens a second, used until a prefill was observed.</summary>
    internal const double SecondsPerPromptTokenPrior = 1e-4;

    /// <summary>About 33 tokens a second, used until a decode was observed.</summary>
    internal const double SecondsPerOutputTokenPrior = 0.03;

    /// <summary>Output length used until a request has finished; the mean of a public chat trace is 211.</summary>
    internal const double OutputTokensPrior = 211;

    internal static void Fill(ref VariantOutlook outlook, in ReplicaState replica, ServingCurve? curve, in RequestFeatures request)
    {
        var fresh = replica.IsFresh(request.NowMs);
        outlook.Queued = Queued(replica, outlook.Outstanding, fresh);
        outlook.StartDelay = fresh && replica.FinishRate > 0 ? outlook.Queued / replica.FinishRate : 0;
        outlook.KvCacheUsage = fresh ? replica.KvCacheUsage : 0;
        Steps(ref outlook, replica, curve, fresh);
        var perPromptToken = curve?.SecondsPerPromptToken ?? OrPrior(fresh ? replica.SecondsPerPromptToken : 0, SecondsPerPromptTokenPrior);
        outlook.BacklogSeconds = outlook.StartDelay + (curve is null ? 0 : replica.Load.PendingPromptTokens * perPromptToken) + replica.NeighboursBacklogSeconds;
        outlook.PrefillSeconds = (request.PromptTokens - outlook.CachedTokens) * perPromptToken;
        outlook.TimeToFirstToken = outlook.BacklogSeconds + outlook.TimePerOutputToken + outlook.PrefillSeconds;
        var expected = request.ExpectedOutputTokens > 0 ? request.ExpectedOutputTokens : OrPrior(replica.MeanOutputTokens, OutputTokensPrior);
        outlook.OutputTokens = request.MaxTokens is { } limit ? Math.Min(limit, expected) : expected;
        outlook.MarginalJoules = curve?.MarginalJoules(outlook.Outstanding - outlook.Queued, request.PromptTokens - outlook.CachedTokens, outlook.OutputTokens) ?? 0;
        outlook.Completion = outlook.TimeToFirstToken + outlook.OutputTokens * outlook.TimePerOutputToken;
    }

    private static void Steps(ref VariantOutlook outlook, in ReplicaState replica, ServingCurve? curve, bool fresh)
    {
        var seen = fresh ? replica.SecondsPerOutputToken : 0;
        outlook.TimePerOutputToken = curve is null
            ? OrPrior(seen, SecondsPerOutputTokenPrior)
            : Math.Max(seen, curve.StepSeconds(outlook.Outstanding - outlook.Queued + 1));
    }

    private static int Queued(in ReplicaState replica, int outstanding, bool fresh)
    {
        var limit = replica.BatchLimit > 0 ? replica.BatchLimit : BatchLimitPrior;
        var beyond = Math.Max(0, outstanding - limit);
        if (!fresh || replica.Waiting == 0)
            return beyond;
        // There is a queue already (a full batch or a full KV cache): what came since the scrape stands behind it.
        return Math.Max(beyond, Math.Max(0, replica.Waiting + replica.Load.InFlight - replica.OwnAtObservation));
    }

    private static double OrPrior(double measured, double prior) => measured > 0 ? measured : prior;
}
