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
    /// <param name="variant">The variant.</param>
    /// <param name="rules">Weights and bound.</param>
    /// <param name="request">The request.</param>
    /// <param name="tried">Replicas that failed it.</param>
    /// <param name="match">What the replicas' caches hold of it.</param>
    /// <param name="loads">Room for one number a replica.</param>
    internal static void Pick(ref VariantOutlook outlook, VariantState variant, PickRules rules, in RequestFeatures request, in TriedReplicas tried, in CacheMatch match, Span<int> loads)
    {
        outlook.Replica = -1;
        outlook.Reluctance = int.MaxValue;
        outlook.Outstanding = int.MaxValue;
        outlook.CachedTokens = 0;
        var rows = variant.Rows.AsSpan();
        if (rows.IsEmpty)
            return;

        var limit = Weigh(ref outlook, rows, rules.Bound, request.NowMs, tried, loads);
        var search = new Search(rows, loads, Ceiling(outlook.Reluctance, limit), limit, rules.Weights, request);
        var start = (int)(request.Spread % (uint)rows.Length);
        search.Scan(start, rows.Length, match);
        search.Scan(0, start, match);
        outlook.Replica = search.Result(variant.Identities.AsSpan(), match);
        outlook.Outstanding = loads[outlook.Replica] & OutstandingMask;
        outlook.CachedTokens = Math.Min(request.PromptTokens, match.Depth(rows[outlook.Replica].Cache, out _) * PromptHasher.BlockTokens);
    }

    // Reluctance above, outstanding requests below: one comparison tells whether a replica may be taken.
    private const int ReluctanceShift = 29;
    private const int OutstandingMask = (1 << ReluctanceShift) - 1;

    // Nobody is less reluctant than the reluctance that is sought, so what is not above this has it, and stays within the bound.
    private static int Ceiling(int reluctance, float limit) => (reluctance << ReluctanceShift) | (int)Math.Min(limit - 1, OutstandingMask);

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
            loads[i] = (reluctance << ReluctanceShift) | outstanding;
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
    private ref struct Search(ReadOnlySpan<ReplicaRow> rows, ReadOnlySpan<int> loads, int ceiling, float limit, ScorerWeights weights, in RequestFeatures request)
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
        private int _homeRank = int.MaxValue;

        internal void Scan(int from, int to, in CacheMatch match)
        {
            // In locals, so that the loop keeps them in registers.
            var (queue, kvCache, lora, prefix) = (weights.Queue, weights.KvCacheUtilization, weights.LoraAffinity, weights.PrefixCache);
            var (matches, perRequest) = (!match.IsEmpty, 1 / limit);
            var (best, bestScore) = (_best, _bestScore);
            for (var i = from; i < to; i++)
            {
                var load = _loads[i];
                if (load > ceiling)
                    continue;
                ref readonly var row = ref _rows[i];
                var score = queue * QueueScorer.Score(load & OutstandingMask, perRequest)
                    + kvCache * KvCacheUtilizationScorer.Score(row.KvCacheUsage, row.IsFresh(_nowMs))
                    + lora * row.LoraScore;
                if (matches && match.Depth(row.Cache, out var rank) is var held && (held | (rank + 1)) != 0)
                {
                    score += prefix * PrefixCacheScorer.Score(held, _promptBlocks);
                    NoteHome(i, score, rank);
                }

                if (score > bestScore)
                    (best, bestScore) = (i, score);
            }

            (_best, _bestScore) = (best, bestScore);
        }

        /// <summary>The replica to take. Where none has served the session, its home by hash is looked at once more.</summary>
        internal int Result(ReadOnlySpan<uint> identities, in CacheMatch match)
        {
            if (_session == 0)
                return _best;
            if (_home < 0)
            {
                // Scored as if it were alone.
                var (best, bestScore) = (_best, _bestScore);
                _home = SessionAffinityScorer.Home(SessionAffinityScorer.Fold(_session), identities, _loads, ceiling);
                _bestScore = float.NegativeInfinity;
                Scan(_home, _home + 1, match);
                (_homeScore, _best, _bestScore) = (_bestScore, best, bestScore);
            }

            return _homeScore + weights.SessionAffinity > _bestScore ? _home : _best;
        }

        // The one that served the session last; rank -1 never did.
        private void NoteHome(int replica, float score, int rank)
        {
            if (_session != 0 && rank >= 0 && rank < _homeRank)
                (_home, _homeScore, _homeRank) = (replica, score, rank);
        }
    }
}
