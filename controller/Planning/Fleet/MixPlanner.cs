using Ops.Api;

namespace Ops.Planning.Fleet;

/// <summary>
/// Which share of a route's demand each of its pools should be sized for: the shares with the greatest
/// quality x requests - QualityPerJoule x watts, exact on a grid of forty parts by dynamic programming over the pools.
/// </summary>
/// <remarks>
/// The router chooses by the same objective for each request, so it fills what the plan provides. Routes are planned one
/// after another by key; a pool that several routes name carries the load of the earlier ones when the later is planned.
/// </remarks>
internal static class MixPlanner
{
    // 2.5 % of the demand a part; 32 variants (the CRD's limit) x 41 x 41 steps are 54,000 additions.
    private const int Parts = 40;

    // Where energy is worth nothing it still decides between equals: 1 kW weighs as much as .000001 of quality.
    private const double Tie = 1e-9;

    // A part that nobody can serve costs more than any quality could bring.
    private const double Unserved = -1e6;

    /// <summary>Adds the route's demand to the loads of its pools.</summary>
    /// <param name="route">The route.</param>
    /// <param name="pools">Pools by key, with the bounds of their replicas.</param>
    /// <param name="loads">Load of each pool by key; changed.</param>
    public static void Assign(RouteDemand route, IReadOnlyDictionary<string, BoundedPool> pools, Dictionary<string, DemandOutlook> loads)
    {
        var variants = route.Variants.Where(variant => pools.TryGetValue(variant.Pool, out var pool) && pool.State.Levels.Count > 0).ToArray();
        if (variants.Length == 0 || route.Outlook.Upper <= 0)
            return;
        // worth[parts] of the variants so far, and for each variant how many parts it took to get there.
        var worth = Enumerable.Range(0, Parts + 1).Select(parts => Unserved * parts * route.Outlook.Upper / Parts).ToArray();
        // The parts that stay unserved are those left over in the end, so the table is over parts still to be served.
        var taken = new int[variants.Length][];
        for (var v = 0; v < variants.Length; v++)
            (worth, taken[v]) = Add(route, variants[v], pools[variants[v].Pool], loads, worth);

        var left = Parts;
        for (var v = variants.Length - 1; v >= 0; v--)
        {
            var parts = taken[v][left];
            left -= parts;
            loads[variants[v].Pool] = Plus(loads.GetValueOrDefault(variants[v].Pool), route.Outlook, parts);
        }

        // What nobody can serve still presses on the best pool, so that all of it is asked for.
        if (left > 0)
        {
            var best = variants.MaxBy(variant => variant.Quality)!.Pool;
            loads[best] = Plus(loads[best], route.Outlook, left);
        }
    }

    private static (double[] Worth, int[] Taken) Add(
        RouteDemand route, VariantChoice variant, BoundedPool pool, Dictionary<string, DemandOutlook> loads, double[] before)
    {
        var carried = loads.GetValueOrDefault(variant.Pool);
        var price = pool.State.Objective == ScalingObjectives.Energy ? Math.Max(Tie, route.QualityPerJoule) : Tie;
        var own = new double[Parts + 1];
        for (var parts = 0; parts <= Parts; parts++)
        {
            var size = Sizing.Cheapest(pool.State, Plus(carried, route.Outlook, parts), pool.Least, pool.Most);
            own[parts] = size is { } found
                ? (variant.Quality * route.Outlook.Expected * parts / Parts) - (price * found.Watts)
                : double.NegativeInfinity;
        }

        // A pool that already has more than it can serve takes nothing on top, at no further cost.
        if (double.IsNegativeInfinity(own[0]))
            own[0] = 0;
        var worth = new double[Parts + 1];
        var taken = new int[Parts + 1];
        for (var total = 0; total <= Parts; total++)
        {
            worth[total] = double.NegativeInfinity;
            for (var parts = 0; parts <= total; parts++)
            {
                var value = before[total - parts] + own[parts];
                if (value > worth[total])
                    (worth[total], taken[total]) = (value, parts);
            }
        }

        return (worth, taken);
    }

    private static DemandOutlook Plus(DemandOutlook carried, DemandOutlook demand, int parts) => new(
        carried.Expected + (demand.Expected * parts / Parts), carried.Upper + (demand.Upper * parts / Parts));
}

/// <summary>A pool and the replicas that it may have.</summary>
/// <param name="State">The pool.</param>
/// <param name="Least">Fewest.</param>
/// <param name="Most">Most.</param>
internal sealed record BoundedPool(PoolState State, int Least, int Most);
