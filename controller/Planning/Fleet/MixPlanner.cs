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
    // 2.5 % of the demand a part; 32 variants (the CRD's limit) x 41 x 41 steps are 54,000 additions, and a floor for the
    // quality makes that 51 times as many.
    private const int Parts = 40;

    // Where energy is worth nothing it still decides between equals: 1 kW weighs as much as .000001 of quality.
    private const double Tie = 1e-9;

    // A part that nobody can serve costs more than any quality could bring.
    private const double Unserved = -1e6;

    // Steps between the best variants' quality and the floor.
    private const int LossSteps = 50;

    /// <summary>Adds the route's demand to the loads of its pools.</summary>
    /// <param name="route">The route.</param>
    /// <param name="pools">Pools by key, with the bounds of their replicas.</param>
    /// <param name="loads">Load of each pool by key; changed.</param>
    public static void Assign(RouteDemand route, IReadOnlyDictionary<string, BoundedPool> pools, Dictionary<string, DemandOutlook> loads)
    {
        var variants = route.Variants.Where(variant => pools.TryGetValue(variant.Pool, out var pool) && pool.State.Levels.Count > 0).ToArray();
        if (variants.Length == 0 || route.Outlook.Upper <= 0)
            return;
        var best = variants.MaxBy(variant => variant.Quality)!;
        var losses = route.LeastQuality is null ? 0 : LossSteps;
        // worth[parts, loss]: the most of serving so many parts with the variants so far and losing at most so much quality.
        var worth = new double[Parts + 1, losses + 1];
        for (var parts = 0; parts <= Parts; parts++)
        {
            for (var loss = 0; loss <= losses; loss++)
                worth[parts, loss] = Unserved * parts * route.Outlook.Upper / Parts;
        }

        var taken = new int[variants.Length][,];
        var lost = new int[variants.Length][];
        for (var v = 0; v < variants.Length; v++)
        {
            lost[v] = Losses(best.Quality, variants[v].Quality, route.LeastQuality);
            (worth, taken[v]) = Add(worth, Worths(route, variants[v], pools[variants[v].Pool], loads), lost[v], losses);
        }

        var (left, allowed) = (Parts, losses);
        for (var v = variants.Length - 1; v >= 0; v--)
        {
            var parts = taken[v][left, allowed];
            loads[variants[v].Pool] = Plus(loads.GetValueOrDefault(variants[v].Pool), route.Outlook, parts);
            (left, allowed) = (left - parts, allowed - lost[v][parts]);
        }

        // What nobody can serve still presses on the best pool, so that all of it is asked for.
        if (left > 0)
            loads[best.Pool] = Plus(loads[best.Pool], route.Outlook, left);
    }

    // What a pool is worth with so many parts of the demand on top of what it already has.
    private static double[] Worths(RouteDemand route, VariantChoice variant, BoundedPool pool, Dictionary<string, DemandOutlook> loads)
    {
        var carried = loads.GetValueOrDefault(variant.Pool);
        // With a floor for the quality only the watts are left to decide.
        var price = !pool.SavesEnergy ? Tie : route.LeastQuality is null ? Math.Max(Tie, route.QualityPerJoule) : 1;
        var worths = new double[Parts + 1];
        for (var parts = 0; parts <= Parts; parts++)
        {
            var size = Sizing.Cheapest(pool.State, Plus(carried, route.Outlook, parts), pool.Least, pool.Most);
            worths[parts] = size is { } found
                ? (variant.Quality * route.Outlook.Expected * parts / Parts) - (price * found.Watts)
                : double.NegativeInfinity;
        }

        // A pool that already has more than it can serve takes nothing on top, at no further cost.
        if (double.IsNegativeInfinity(worths[0]))
            worths[0] = 0;
        return worths;
    }

    // Steps of quality lost by so many parts on a variant: all steps are used up when the mean is at the floor.
    private static int[] Losses(double best, double quality, double? least)
    {
        var result = new int[Parts + 1];
        for (var parts = 0; parts <= Parts && least is not null; parts++)
        {
            var room = Math.Max(1e-9, best - least.Value);
            result[parts] = (int)Math.Min(LossSteps + 1, Math.Ceiling(((best - quality) / room * LossSteps * parts / Parts) - 1e-9));
        }

        return result;
    }

    private static (double[,] Worth, int[,] Taken) Add(double[,] before, double[] own, int[] lost, int losses)
    {
        var worth = new double[Parts + 1, losses + 1];
        var taken = new int[Parts + 1, losses + 1];
        for (var total = 0; total <= Parts; total++)
        {
            for (var loss = 0; loss <= losses; loss++)
            {
                worth[total, loss] = double.NegativeInfinity;
                for (var parts = 0; parts <= total && lost[parts] <= loss; parts++)
                {
                    var value = before[total - parts, loss - lost[parts]] + own[parts];
                    if (value > worth[total, loss])
                        (worth[total, loss], taken[total, loss]) = (value, parts);
                }
            }
        }

        return (worth, taken);
    }

    private static DemandOutlook Plus(DemandOutlook carried, DemandOutlook demand, int parts) => new(
        carried.Expected + (demand.Expected * parts / Parts), carried.Upper + (demand.Upper * parts / Parts));
}
