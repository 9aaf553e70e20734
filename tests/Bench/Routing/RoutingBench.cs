using Ops.Learning;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>What the choice of a variant is worth under load, in simulation, on identical arrivals for every policy.</summary>
internal sealed class RoutingBench : IBench
{
    /// <inheritdoc/>
    public string Name => "routing";

    /// <inheritdoc/>
    public string Summary => "Policies beside each other on simulated fleets: performance, availability, speed of the simulator";

    /// <inheritdoc/>
    public Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        SpeedBench.Run(context, BenchFleets.Ladder, Lengths.LogNormal(1155, 0.94, 211, 0.76, seed: 1), new LadderPolicy());
        return Task.CompletedTask;
    }
}
