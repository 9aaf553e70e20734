using Ops.Traces;

namespace Ops.Picking.Replay;

/// <summary>What a replay found.</summary>
/// <param name="HitRate">Blocks found in the cache of the replica that served them, of all blocks.</param>
/// <param name="BusiestShare">Requests of the busiest replica, as a multiple of the mean.</param>
/// <param name="Imbalance">Most requests in flight at one replica as a multiple of the mean, averaged over arrivals.</param>
internal sealed record ReplayResult(double HitRate, double BusiestShare, double Imbalance);

/// <summary>
/// Sends a trace with prompt blocks through a simulated pool of one model and counts what its caches spare. Prefill takes
/// 0.1 ms a token that is not cached, an output token takes 30 ms; a replica serves any number of requests side by side.
/// </summary>
internal sealed class PrefixReplay
{
    private const double PrefillSeconds = LatencyEstimate.SecondsPerPromptTokenPrior;
    private const double OutputSeconds = LatencyEstimate.SecondsPerOutputTokenPrior;

    private readonly Trace _trace;
    private readonly int _replicas;
    private readonly int _blocks;

    internal PrefixReplay(Trace trace, int replicas, int blocksPerCache)
    {
        _trace = trace;
        _replicas = replicas;
        _blocks = blocksPerCache;
    }

    /// <summary>The hit rate of one endless cache that serves everything.</summary>
    internal double Ideal()
    {
        var cache = new BlockCache(int.MaxValue);
        return _trace.Requests.Sum(r => (double)cache.Serve(r.PrefixBlocks.AsSpan())) / _trace.Requests.Sum(r => (double)r.PrefixBlocks.Length);
    }

    /// <summary>One after the other.</summary>
    internal ReplayResult RoundRobin() => Run((i, _, _) => i % _replicas);

    /// <summary>The fewest requests in flight.</summary>
    internal ReplayResult LeastLoaded() => Run((i, _, states) => Enumerable.Range(0, _replicas).MinBy(r => (states[r].Load.InFlight, (r + i) % _replicas)));

    /// <summary>The scorers, with this index.</summary>
    internal ReplayResult Scorers(PickRules rules)
    {
        var policy = new LadderPolicy();
        RouteSnapshot? route = null;
        return Run((_, request, states) =>
        {
            route ??= RouteSnapshot.Create("replay", Objective.Default, [RouteSnapshot.DefaultTask], [new VariantState { Pool = "p", Quality = [1], Replicas = [.. states] }], rules);
            var choice = Chooser.Choose(route, policy, request, default);
            Chooser.Sent(route, request, choice);
            return choice.Replica;
        }, rules.Prefixes);
    }

    private ReplayResult Run(Func<int, RequestFeatures, ReplicaState[], int> pick, PrefixIndex? index = null)
    {
        var caches = Enumerable.Range(0, _replicas).Select(_ => new BlockCache(_blocks)).ToArray();
        var states = Enumerable.Range(0, _replicas).Select(i => new ReplicaState { Name = $"pod-{i}", Address = "", Load = new ReplicaLoad(), Cache = index?.NewCache() ?? 0 }).ToArray();
        foreach (var state in states)
            index?.SetCapacity(state.Cache, _blocks);
        var ends = new PriorityQueue<int, double>();
        var served = new int[_replicas];
        var (hits, all, imbalance, busy) = (0L, 0L, 0.0, 0);
        for (var i = 0; i < _trace.Requests.Length; i++)
        {
            var request = _trace.Requests[i];
            var now = request.Arrival.TotalSeconds;
            while (ends.TryPeek(out var ended, out var at) && at <= now)
            {
                ends.Dequeue();
                states[ended].Load.Leave();
            }

            var features = new RequestFeatures { PromptTokens = request.ContextTokens, PromptBlocks = Chain(request), NowMs = (long)(now * 1000), Spread = (uint)i };
            var replica = pick(i, features, states);
            var hit = caches[replica].Serve(request.PrefixBlocks.AsSpan());
            (hits, all) = (hits + hit, all + request.PrefixBlocks.Length);
            served[replica]++;
            states[replica].Load.Enter();
            var uncached = Math.Max(0, request.ContextTokens - (hit * PromptHasher.BlockTokens));
            ends.Enqueue(replica, now + (uncached * PrefillSeconds) + (request.GeneratedTokens * OutputSeconds));
            imbalance += states.Max(s => s.Load.InFlight) / states.Average(s => s.Load.InFlight);
            busy++;
        }

        return new ReplayResult((double)hits / all, served.Max() / served.Average(), imbalance / busy);
    }

    // Mooncake's ids already stand for a block with all that comes before it.
    private static ulong[] Chain(TraceRequest request) => [.. request.PrefixBlocks.Take(PromptHasher.MaxBlocks).Select(id => KeyHash.Mix((ulong)id + 1))];
}
