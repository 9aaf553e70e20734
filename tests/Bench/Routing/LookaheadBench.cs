using Ops.Learning;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>
/// How far the price rule is from one who knows the arrivals and the lengths to come: the clairvoyant lookahead on the same
/// arrivals, on every workload. It looks 5 s ahead and leaves later choices to the rule, so it is a bound for policies of that
/// kind, not of all.
/// </summary>
internal static class LookaheadBench
{
    internal static void Run(BenchContext context, RoutingInputs inputs)
    {
        var (seconds, seeds) = context.Quick ? (40, 1) : (200, 3);
        var fleet = BenchFleets.Ladder;
        foreach (var (name, objective, workload) in PolicyBench.Cases(inputs, seconds))
        {
            var gap = Gaps(fleet, workload, objective, seeds);
            context.Figures.Add($"lookahead_over_price_{name}", gap.Mean, "points", $"clairvoyant lookahead over price, {name}, {seeds} seeds of {seconds} s, 95 % +- {gap.Half:0.00}");
            context.Say($"{name}: clairvoyant lookahead over price {gap.Mean:+0.00;-0.00} points");
        }
    }

    /// <summary>Points of performance that the lookahead has over the price rule on the same arrivals, over the first seeds.</summary>
    internal static Interval Gaps(SimulatedFleet fleet, Func<int, Workload> workload, Objective objective, int seeds) =>
        Interval.Of([.. Enumerable.Range(0, seeds).AsParallel().AsOrdered().WithDegreeOfParallelism(2).Select(seed => Gap(fleet, workload(seed), objective))]);

    /// <summary>Performance of the lookahead.</summary>
    internal static double Performance(SimulatedFleet fleet, Workload workload, Objective objective, SimulationOptions options) =>
        Score.Of(Lookahead.Run(fleet, new PricePolicy(), workload, options with { Objective = objective }, objective), fleet, objective).Performance;

    private static double Gap(SimulatedFleet fleet, Workload workload, Objective objective) =>
        100 * (Performance(fleet, workload, objective, new()) - new Arm("price", fleet, new PricePolicy()).Run(workload, objective).Performance);
}
