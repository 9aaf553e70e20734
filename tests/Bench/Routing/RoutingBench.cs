using Ops.Bench.Rca;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>
/// What the choice of a variant is worth under load, in simulation, on identical arrivals for every policy. Performance,
/// windows and availability as in <see cref="Learning.Score"/>.
/// </summary>
internal sealed class RoutingBench : IBench
{
    /// <inheritdoc/>
    public string Name => "routing";

    /// <inheritdoc/>
    public string Summary => "Policies beside each other on simulated fleets: rate, performance, learned against price, the simulator's speed";

    /// <inheritdoc/>
    public Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var inputs = RoutingInputs.Load();
        var plots = Directory.CreateDirectory(Path.Combine(RcaData.Root(), "artifacts", "bench", "routing")).FullName;
        Action[] parts =
        [
            () => SpeedBench.Run(context, BenchFleets.Ladder, inputs.ChatLengths, new PricePolicy()),
            () => QualityCost.Run(context, plots),
            () => PolicyBench.Run(context, inputs),
            () => RateBench.Run(context, inputs, plots),
            () => SweepBench.Run(context, inputs),
            () => LearnedBench.Run(context, inputs, plots),
        ];
        foreach (var part in parts)
        {
            cancellation.ThrowIfCancellationRequested();
            part();
        }

        context.Say($"plots are in {plots}");
        return Task.CompletedTask;
    }
}
