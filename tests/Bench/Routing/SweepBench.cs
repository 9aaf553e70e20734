using Ops.Learning;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>What survives when the assumptions are wrong: prefill rates and the gaps between qualities 30 % lower and higher.</summary>
internal static class SweepBench
{
    internal static void Run(BenchContext context, RoutingInputs inputs)
    {
        var seconds = context.Quick ? 120 : 400;
        var seeds = context.Quick ? 2 : 10;
        (string Name, Func<SimulatedFleet, SimulatedFleet> Change)[] changes =
        [
            ("as assumed", fleet => fleet),
            ("prefill 30 % slower", fleet => Prefill(fleet, 0.7)),
            ("prefill 30 % faster", fleet => Prefill(fleet, 1.3)),
            ("quality gaps 30 % smaller", fleet => Gaps(fleet, 0.7)),
            ("quality gaps 30 % larger", fleet => Gaps(fleet, 1.3)),
        ];
        var least = double.PositiveInfinity;
        foreach (var (name, change) in changes)
        {
            var fleet = change(BenchFleets.Ladder);
            foreach (var (workload, stream) in new (string, Func<int, Workload>)[] { ("conv_20", seed => inputs.Conversation(20, seconds, seed)), ("bursty_16", seed => inputs.Bursty(16, seconds, seed)) })
            {
                double Mean(IPolicy policy) => Enumerable.Range(0, seeds).Average(seed => new Arm("", fleet, policy).Run(stream(seed), RoutingInputs.Chat).Performance);
                var others = ((IPolicy[])[new LadderPolicy(), new GreedyPolicy()]).Max(policy => Mean(new Admitting(policy)));
                var gain = 100 * (Mean(new PricePolicy()) - others);
                context.Say($"{name}, {workload}: price over the better of ladder and greedy {gain:+0.00;-0.00} points");
                least = Math.Min(least, gain);
            }
        }

        context.Figures.Add("sweep_least_price_gain_points", least, "points", "price over the better of ladder and greedy, least over prefill and quality gaps +- 30 % on conv at 20/s and bursts at 16/s");
    }

    private static SimulatedFleet Prefill(SimulatedFleet fleet, double factor) => fleet with
    {
        Pools = [.. fleet.Pools.Select(p => p with { Profile = p.Profile with { Gpu = p.Profile.Gpu with { PrefillUtilisation = p.Profile.Gpu.PrefillUtilisation * factor } } })],
    };

    // The best stays where it is; the others come nearer or go further away.
    private static SimulatedFleet Gaps(SimulatedFleet fleet, double factor) => fleet with
    {
        Pools = [.. fleet.Pools.Select(p => p with { Quality = [.. p.Quality.Select((q, task) => fleet.Pools.Max(o => o.Quality[task]) is var best ? best - ((best - q) * factor) : q)] })],
    };
}
