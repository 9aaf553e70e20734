using System.Runtime.InteropServices;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>A simulated fleet under a policy on trial, which is told what becomes of the requests as a router tells it.</summary>
public static class TrialRun
{
    /// <summary>Runs a workload; the policy's trial and what it remembers of exploration are as after that much traffic.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="policy">A policy that nobody else asks; its times are the run's.</param>
    /// <param name="workload">The workload.</param>
    /// <param name="options">Options of the run, with the route's objective.</param>
    public static RunResult Run(SimulatedFleet fleet, GuardedPolicy policy, Workload workload, SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(options);
        var arrivals = ImmutableCollectionsMarshal.AsArray(workload.Arrivals)!;
        var best = Enumerable.Range(0, fleet.Tasks.Length).Select(task => fleet.Pools.Max(pool => pool.Quality[task])).ToArray();
        var log = new OutcomeLog(arrivals.Length);
        var run = new Simulation(fleet, policy, workload, options);
        run.Report(new Reporting(run, fleet, policy, arrivals, options.Objective, log));
        while (run.NextArrival < arrivals.Length)
        {
            var arrival = arrivals[run.NextArrival];
            policy.Explorer.Outcomes.Arrived(Ms(arrival.At), arrival.PromptTokens, best[arrival.Task]);
            run.Arrive();
        }

        run.Drain();
        return run.Result(log);
    }

    private static long Ms(double seconds) => (long)(seconds * 1000);

    private sealed class Reporting(Simulation run, SimulatedFleet fleet, GuardedPolicy policy, Arrival[] arrivals, Objective objective, OutcomeLog log) : IOutcomes
    {
        public void Ended(int request, in Outcome outcome)
        {
            log.Ended(request, outcome);
            var (chosen, delivered) = (Ms(arrivals[request].At), Score.Delivered(outcome, arrivals[request], fleet, objective));
            policy.Trial.Report(chosen, delivered);
            policy.Explorer.Outcomes.Report(chosen, Ms(run.Now), delivered);
        }
    }
}
