using System.Runtime.InteropServices;
using Ops.Api;

namespace Ops.Planning.Fleet;

/// <summary>How many replicas at which level serve a load with the least power. Pure arithmetic over the pool's levels.</summary>
internal static class Sizing
{
    // How full a replica may be planned: what is left is for bursts inside one control interval. The forecast's upper end
    // already covers the load's own swing.
    private const double EnergyFill = 0.7;
    private const double LatencyFill = 0.6;

    /// <summary>The cheapest way to serve a load, or null when even all replicas at the highest level cannot.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="load">Requests a second; the upper end has to fit, the expected one is paid for.</param>
    /// <param name="least">Fewest replicas.</param>
    /// <param name="most">Most replicas.</param>
    public static PoolSize? Cheapest(PoolState pool, DemandOutlook load, int least, int most)
    {
        PoolSize? best = null;
        for (var level = 0; level < pool.Levels.Count; level++)
        {
            if (level > 0 && !MayUse(pool, level))
                continue;
            // Power rises less than in proportion to the load, so the fewest replicas that fit are the cheapest at a level.
            var needed = Math.Max(least, Needed(pool, level, load.Upper));
            if (needed > most)
                continue;
            var watts = Watts(pool, level, needed, load.Expected);
            if (best is not { } other || watts < other.Watts)
                best = new(needed, level, watts);
        }

        return best;
    }

    /// <summary>Replicas that a load needs at a level; int.MaxValue where no number would do.</summary>
    public static int Needed(PoolState pool, int level, double requestsPerSecond)
    {
        if (requestsPerSecond <= 0)
            return 0;
        var each = pool.Levels[level].Capacity * (pool.Objective == ScalingObjectives.Latency ? LatencyFill : EnergyFill);
        // The tolerance keeps a load that is a whole number of replicas from asking for one more by rounding.
        var count = Math.Ceiling((requestsPerSecond / each) - 1e-9);
        return count < int.MaxValue ? (int)count : int.MaxValue;
    }

    /// <summary>Mean watts of some replicas that share a load evenly, and of those that sleep beside them.</summary>
    public static double Watts(PoolState pool, int level, int replicas, double requestsPerSecond) =>
        (replicas == 0 ? 0 : replicas * pool.Levels[level].Watts(requestsPerSecond / replicas))
        + (pool.Sleeps ? Math.Max(0, pool.Replicas - replicas) * pool.SleepWatts : 0);

    /// <summary>Whether the planner may choose a level for its own sake.</summary>
    public static bool MayUse(PoolState pool, int level) =>
        level == 0 || (pool.MayLowerClock && pool.Objective != ScalingObjectives.Latency && !pool.Levels[level].ForBudgetsOnly);
}

/// <summary>Replicas at a level.</summary>
/// <param name="Replicas">How many.</param>
/// <param name="Level">Index into the pool's levels.</param>
/// <param name="Watts">Mean watts of all of them under the load they were chosen for.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PoolSize(int Replicas, int Level, double Watts);
