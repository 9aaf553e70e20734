namespace Ops.Picking;

/// <summary>
/// Finds the best replica of a variant: the largest weighted sum of the scorers among the replicas that are taken most
/// gladly and that stay within the bound on load.
/// </summary>
/// <remarks>
/// sum = queue + kvCacheUtilization + loraAffinity + prefixCache + sessionAffinity, each score 0..1 times its weight.
/// Equal sums go to the first one from a place that differs from request to request.
/// </remarks>
internal static class ReplicaPick
{
    /// <summary>
    /// Fills <see cref="VariantOutlook.Replica"/>, <see cref="VariantOutlook.Reluctance"/>,
    /// <see cref="VariantOutlook.Outstanding"/> and <see cref="VariantOutlook.CachedTokens"/>.
    /// </summary>
    /// <param name="outlook">The row to fill.</param>
    /// <param name="rows">The variant's replicas.</param>
    /// <param name="rules">Weights and bound.</param>
    /// <param name="request">The request.</param>
    /// <param name="tried">Replicas that failed it.</param>
    /// <param name="match">What the replicas' caches hold of it.</param>
    /// <param name="loads">Room for one number a replica.</param>
    internal static void Pick(ref VariantOutlook outlook, ReadOnlySpan<ReplicaRow> rows, PickRules rules, in RequestFeatures request, in TriedReplicas tried, in CacheMatch match, Span<int> loads)
    {
        outlook.Replica = -1;
        outlook.Reluctance = int.MaxValue;
        outlook.Outstanding = int.MaxValue;
        outlook.CachedTokens = 0;
        if (rows.IsEmpty)
            return;

        var limit = Weigh(ref outlook, rows, rules.Bound, request.NowMs, tried, loads);
        var search = new Search(rows, loads, outlook.Reluctance, limit, rules.Weights, request);
        var start = (int)(request.Spread % (uint)rows.Length);
        search.Scan(start, rows.Length, match);
        search.Scan(0, start, match);
        outlook.Replica = search.Result();
        outlook.Outstanding = loads[outlook.Replica] >> ReluctanceBits;
        outlook.CachedTokens = Math.Min(request.PromptTokens, match.Depth(rows[outlook.Replica].Cache, out _) * PromptHasher.BlockTokens);
    }

    private const int ReluctanceBits = 2;

    // Notes every replica's load and reluctance. Returns the most outstanding requests that one may have afterwards.
    private static float Weigh(ref VariantOutlook outlook, ReadOnlySpan<ReplicaRow> rows, LoadBound bound, long nowMs, in TriedReplicas tried, Span<int> loads)
    {
        long sum = 0;
        var (count, first) = (0, tried.Count == 0);
        for (var i = 0; i < rows.Length; i++)
        {
            ref readonly var row = ref rows[i];
            var reluctance = (row.Load.IsSuspect(nowMs) ? 1 : 0) + (first || !tried.Contains(row.Load) ? 0 : 2);
            var outstanding = row.Outstanding(nowMs);
            loads[i] = (outstanding << ReluctanceBits) | reluctance;
            if (reluctance > outlook.Reluctance)
                continue;
            if (reluctance < outlook.Reluctance)
                (outlook.Reluctance, sum, count) = (reluctance, 0, 0);
            sum += outstanding;
            count++;
        }

        return bound.Limit(sum, count);
    }

    /// <summary>One pass over the replicas that may be taken.</summary>
    private ref struct Search(ReadOnlySpan<ReplicaRow> rows, ReadOnlySpan<int> loads, int reluctance, float limit, ScorerWeights weights, in RequestFeatures request)
    {
        private readonly ReadOnlySpan<ReplicaRow> _rows = rows;
        private readonly ReadOnlySpan<int> _loads = loads;
        private readonly long _nowMs = request.NowMs;
        private readonly ulong _session = weights.SessionAffinity > 0 ? request.Session : 0;
        private readonly int _promptBlocks = request.PromptBlocks.Length;
        private int _best = -1;
        private float _bestScore = float.NegativeInfinity;
        private int _home = -1;
        private float _homeScore;
        private ulong _homeClaim;

        internal void Scan(int from, int to, in CacheMatch match)
        {
            // In locals, so that the loop keeps them in registers.
            var (queue, kvCache, lora, prefix) = (weights.Queue, weights.KvCacheUtilization, weights.LoraAffinity, weights.PrefixCache);
            var (matches, perRequest, session) = (!match.IsEmpty, 1 / limit, _session);
            var (best, bestScore, home, homeScore, homeClaim) = (_best, _bestScore, _home, _homeScore, _homeClaim);
            for (var i = from; i < to; i++)
            {
                var outstanding = _loads[i] >> ReluctanceBits;
                if ((_loads[i] & ((1 << ReluctanceBits) - 1)) != reluctance || outstanding + 1 > limit)
                    continue;
                ref readonly var row = ref _rows[i];
                var score = queue * QueueScorer.Score(outstanding, perRequest)
                    + kvCache * KvCacheUtilizationScorer.Score(row.KvCacheUsage, row.IsFresh(_nowMs))
                    + lora * row.LoraScore;
                var rank = -1;
                if (matches && match.Depth(row.Cache, out rank) is > 0 and var held)
                    score += prefix * PrefixCacheScorer.Score(held, _promptBlocks);
                if (score > bestScore)
                    (best, bestScore) = (i, score);
                if (session != 0 && SessionAffinityScorer.Claim(session, row.Identity, rank) is var claim && (claim > homeClaim || home < 0))
                    (home, homeScore, homeClaim) = (i, score, claim);
            }

            (_best, _bestScore, _home, _homeScore, _homeClaim) = (best, bestScore, home, homeScore, homeClaim);
        }

        internal readonly int Result() => _home >= 0 && _homeScore + weights.SessionAffinity > _bestScore ? _home : _best;
    }
}
