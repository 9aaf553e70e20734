using System.Diagnostics;
using Ops.Learning;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>How fast the simulator is: requests by second of one core, choice included.</summary>
internal static class SpeedBench
{
    /// <summary>Adds the figure: 8 GPUs, four sizes, the conversation trace's lengths, Poisson at half of what they can serve.</summary>
    internal static void Run(BenchContext context, SimulatedFleet fleet, Lengths lengths, IPolicy policy)
    {
        var workload = Workloads.Poisson(12, context.Quick ? 4_000 : 20_000, lengths, seed: 1);
        var best = 0.0;
        // The first run compiles; the best of the rest is what the code costs, the others what the neighbours cost.
        for (var run = 0; run < 5; run++)
        {
            var simulation = new Simulation(fleet, policy, workload, new());
            // Processor time, because the cores are shared: what the process used for it, compiler and collector included.
            using var process = Process.GetCurrentProcess();
            var before = process.TotalProcessorTime;
            simulation.Run();
            process.Refresh();
            best = Math.Max(best, workload.Arrivals.Length / (process.TotalProcessorTime - before).TotalSeconds);
        }

        context.Figures.Add("sim_requests_per_s", best, "1/s", $"simulated requests by second of processor time, best of 5 runs of {workload.Arrivals.Length:N0}");
    }
}
