using System.Runtime.InteropServices;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>
/// A bound for benches, no policy: it knows the future. For each request it tries every choice on the arrivals that will
/// really follow, lets a rule make the later choices, and takes the best one.
/// </summary>
public static class Lookahead
{
    /// <summary>Runs a workload with it.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="rule">Makes the later choices of each trial.</param>
    /// <param name="workload">The workload.</param>
    /// <param name="options">Options of the run.</param>
    /// <param name="objective">The objective that delivered quality is measured by.</param>
    /// <param name="horizon">
    /// Seconds of arrivals that it looks ahead. Not as far as the labels of a training: over 20 s the later choices of two
    /// trials differ by chance, nobody averages over that here, and it can do worse than the rule.
    /// </param>
    /// <param name="energyWeight">Quality by joule.</param>
    public static RunResult Run(SimulatedFleet fleet, IPolicy rule, Workload workload, SimulationOptions options, Objective objective, double horizon = 5, double energyWeight = 0)
    {
        ArgumentNullException.ThrowIfNull(workload);
        var policy = new Forced(rule);
        var run = new Simulation(fleet, policy, workload, options);
        var arrivals = ImmutableCollectionsMarshal.AsArray(workload.Arrivals)!;
        var outcomes = new OutcomeLog(arrivals.Length);
        run.Report(outcomes);
        var rollouts = new Rollouts(fleet, arrivals, options, objective, rule, horizon, energyWeight);
        var returns = new double[rollouts.Actions];
        while (run.NextArrival < arrivals.Length)
        {
            run.AdvanceToArrival();
            rollouts.Returns(run, returns);
            var best = Best(returns);
            policy.Force(best == fleet.Pools.Length ? Forced.Reject : best);
            run.Arrive();
        }

        run.Drain();
        return run.Result(outcomes);
    }

    private static int Best(ReadOnlySpan<double> returns)
    {
        var best = returns.Length - 1;
        for (var a = 0; a < returns.Length - 1; a++)
        {
            // To reject is last and always possible, so the start is a number.
            if (returns[a] >= returns[best])
                best = a;
        }

        return best;
    }
}
