using System.Collections.Immutable;
using Ops.Api;

namespace Ops.Planning.Fleet;

/// <summary>
/// Replicas, clock and power limit of every pool, so that the fleet keeps its objectives with the least energy and no
/// budget is exceeded. Pure: the same observation and memory give the same plan, and a plan that is in force is planned again.
/// </summary>
public static class FleetPlanner
{
    // A level is kept while another would save less: clocks do not follow every ripple of the load.
    private const double WorthAChange = 0.05;

    /// <summary>Plans the fleet.</summary>
    public static FleetPlan Plan(FleetObservation seen, FleetMemory memory)
    {
        var pools = seen.Pools.ToDictionary(pool => pool.Key, BoundedPool.Of);
        var loads = Loads(seen, pools);
        var wanted = pools.ToDictionary(pool => pool.Key, pool => Wanted(pool.Value, loads.GetValueOrDefault(pool.Key)));
        var (settled, remembered) = Settle(seen, pools, wanted, loads, memory);
        var decisions = settled.ToDictionary(
            pool => pool.Key,
            pool => new Decision(pools[pool.Key].State, pool.Value, Level(pools[pool.Key].State, pool.Value, loads.GetValueOrDefault(pool.Key))));
        var outcomes = seen.Budgets.Select(budget => BudgetPlanner.Apply(budget, decisions, CheapestOfEachRoute(seen, decisions))).ToList();
        return new(
            decisions.ToDictionary(decision => decision.Key, decision => Reasons.Target(decision.Value, loads.GetValueOrDefault(decision.Key))),
            outcomes,
            new() { Pools = remembered });
    }

    // Pools of routes are sized for what the routes are asked, others for what they serve now.
    private static Dictionary<string, DemandOutlook> Loads(FleetObservation seen, Dictionary<string, BoundedPool> pools)
    {
        var loads = new Dictionary<string, DemandOutlook>(StringComparer.Ordinal);
        foreach (var route in seen.Routes.OrderBy(route => route.Key, StringComparer.Ordinal))
            MixPlanner.Assign(route, pools, loads);
        var routed = seen.Routes.SelectMany(route => route.Variants).Select(variant => variant.Pool).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, pool) in pools)
        {
            if (!routed.Contains(key) && pool.State.RequestsPerSecond > 0)
                loads[key] = new(pool.State.RequestsPerSecond, pool.State.RequestsPerSecond);
        }

        return loads;
    }

    private static int Wanted(BoundedPool pool, DemandOutlook load)
    {
        var state = pool.State;
        // Without levels nothing says what a replica can do, so the number stays, within its bounds; who sleeps is woken whole.
        if (state.Levels.Count == 0)
            return state.Sleeps && pool.Asked ? pool.Most : Math.Clamp(pool.Current, pool.Least, pool.Most);
        var size = Sizing.Cheapest(state, load, pool.Least, pool.Most)?.Replicas ?? pool.Most;
        return Math.Min(pool.Most, size + (pool.IsFixed ? 0 : state.Warm));
    }

    private static (Dictionary<string, int> Replicas, ImmutableDictionary<string, PoolMemory> Memory) Settle(
        FleetObservation seen, Dictionary<string, BoundedPool> pools, Dictionary<string, int> wanted, Dictionary<string, DemandOutlook> loads, FleetMemory memory)
    {
        // What takes over a load has to be ready before what carried it goes.
        var waiting = seen.Routes
            .Where(route => route.Variants.Any(variant => pools.TryGetValue(variant.Pool, out var pool) && pool.State.Ready < wanted[variant.Pool]))
            .SelectMany(route => route.Variants.Select(variant => variant.Pool))
            .ToHashSet(StringComparer.Ordinal);
        var replicas = new Dictionary<string, int>(StringComparer.Ordinal);
        var remembered = ImmutableDictionary.CreateBuilder<string, PoolMemory>(StringComparer.Ordinal);
        foreach (var (key, pool) in pools)
        {
            (replicas[key], remembered[key]) = Settling.Next(
                pool, wanted[key], loads.GetValueOrDefault(key), mayGo: !waiting.Contains(key), memory.Pools.GetValueOrDefault(key) ?? new(), seen.Now);
        }

        return (replicas, remembered.ToImmutable());
    }

    private static int Level(PoolState pool, int replicas, DemandOutlook load)
    {
        var (best, leastWatts, kept, keptWatts) = (0, double.PositiveInfinity, -1, 0d);
        for (var level = 0; level < pool.Levels.Count && replicas > 0; level++)
        {
            if (!Sizing.MayUse(pool, level) || Sizing.Needed(pool, level, load.Upper) > replicas)
                continue;
            var watts = Sizing.Watts(pool, level, replicas, load.Expected);
            if (watts < leastWatts)
                (best, leastWatts) = (level, watts);
            if (pool.Previous is { } before && pool.Levels[level].Is(before.ClockMHz, before.PowerLimitWatts))
                (kept, keptWatts) = (level, watts);
        }

        return kept >= 0 && keptWatts * (1 - WorthAChange) <= leastWatts ? kept : best;
    }

    // The pool with which each route still answers when there is no power for more. A pool without a route answers whoever
    // asks it directly.
    private static HashSet<string> CheapestOfEachRoute(FleetObservation seen, Dictionary<string, Decision> decisions)
    {
        var routed = seen.Routes.SelectMany(route => route.Variants).Select(variant => variant.Pool).ToHashSet(StringComparer.Ordinal);
        return seen.Routes.Select(route => Cheapest(route.Variants.Select(variant => variant.Pool)))
            .Concat(decisions.Keys.Where(pool => !routed.Contains(pool)))
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal);

        string? Cheapest(IEnumerable<string> pools) => pools
            .Where(pool => decisions.TryGetValue(pool, out var decision) && decision.Running > 0 && decision.Pool.Levels.Count > 0)
            .OrderBy(pool => decisions[pool].Pool.Levels[^1].PeakWatts)
            .ThenBy(pool => pool, StringComparer.Ordinal)
            .FirstOrDefault();
    }
}
