using Ops.Learning;
using Ops.Picking;
using Ops.Profiles;

namespace Ops.Bench.Routing;

/// <summary>
/// What it costs to believe the declared profiles where the real ones differ by 30 %, and what calibration gives back: the rules
/// with the declared curves against those that the calibrator found from the engines' own counters; in the full form also the
/// learned policy, trained on the declared fleet against the calibrated one, its router believing the declared curves in both.
/// </summary>
internal static class CalibrationBench
{
    private static readonly (string Name, double Decode, double Prefill)[] Differences =
        [("slower", 1.3, 1.3), ("faster", 0.7, 0.7), ("prefill_slower", 0.7, 1.3), ("prefill_faster", 1.3, 0.7)];

    internal static void Run(BenchContext context, RoutingInputs inputs)
    {
        var seconds = context.Quick ? 120 : 400;
        var seeds = context.Quick ? 3 : 10;
        var (gains, errors) = (new List<double>(), new List<double>());
        foreach (var (name, decode, prefill) in Differences)
        {
            var declared = BenchFleets.Ladder;
            var real = declared with { Pools = [.. declared.Pools.Select(pool => pool with { Profile = pool.Profile.Altered(decode, prefill, 1), Believed = pool.Profile })] };
            var found = Calibrate(real, inputs.Conversation(16, seconds, 90), errors, decode, prefill);
            var calibrated = real with { Pools = [.. real.Pools.Select((pool, p) => pool with { Believed = found[p].Profile })] };
            foreach (var (stream, workload) in new (string, Func<int, Workload>)[] { ("conv_20", seed => inputs.Conversation(20, seconds, seed)), ("bursty_16", seed => inputs.Bursty(16, seconds, seed)) })
            {
                foreach (var policy in (IPolicy[])[new PricePolicy(), new GreedyPolicy()])
                {
                    var gain = Interval.Of([.. Enumerable.Range(0, seeds).Select(seed => 100 * (Performance(calibrated, policy, workload(seed)) - Performance(real, policy, workload(seed))))]);
                    gains.Add(gain.Mean);
                    context.Figures.Add($"calibration_gain_{policy.Name}_{name}_{stream}", gain.Mean, "points", $"{policy.Name} with calibrated over declared curves, decode time x {decode}, prefill time x {prefill}, 95 % +- {gain.Half:0.00}");
                }
            }

            if (!context.Quick)
                Learned(context, inputs, declared, real, found, name, seconds, seeds);
        }

        context.Figures.Add("calibration_gain_points", gains.Average(), "points", $"the mean of these {gains.Count}");
        context.Figures.Add("calibration_least_gain_points", gains.Min(), "points", "the least of them");
        context.Figures.Add("calibration_error_pct", 100 * errors.Max(), "%", "largest error of a recovered decode or prefill factor, pools that had too little to do left out");
    }

    private static double Performance(SimulatedFleet fleet, IPolicy policy, Workload workload) => new Arm("", fleet, policy).Run(workload, RoutingInputs.Chat).Performance;

    private static void Learned(BenchContext context, RoutingInputs inputs, SimulatedFleet declared, SimulatedFleet real, IReadOnlyList<CalibratedProfile> found, string name, double seconds, int seeds)
    {
        var simulated = real with { Pools = [.. real.Pools.Select((pool, p) => pool with { Profile = found[p].Profile })] };
        LearnedPolicy Trained(SimulatedFleet fleet) => new(RouteTrainer.Train(new() { Fleet = fleet, Objective = RoutingInputs.Chat }).Model, new PricePolicy());
        var (before, after) = (Trained(declared), Trained(simulated));
        var gain = Interval.Of([.. Enumerable.Range(0, seeds).Select(seed => 100 * (Performance(real, after, inputs.Bursty(16, seconds, seed)) - Performance(real, before, inputs.Bursty(16, seconds, seed))))]);
        context.Figures.Add($"calibration_gain_learned_{name}_bursty_16", gain.Mean, "points", $"learned on the calibrated simulator over learned on the declared one, 95 % +- {gain.Half:0.00}");
    }

    private static List<CalibratedProfile> Calibrate(SimulatedFleet real, Workload workload, List<double> errors, double decode, double prefill)
    {
        var recorder = new Recorder(real);
        // Round-robin, so that every pool has something to show.
        new Simulation(real, new RoundRobinPolicy(), workload, new() { Control = recorder }).Run();
        List<CalibratedProfile> found = [.. real.Pools.Select((pool, p) => ProfileCalibration.Of(pool.Believed!, pool.Profile.Gpu.Default, recorder.Windows[p]))];
        foreach (var one in found.Where(one => one.BatchTo > 0))
        {
            errors.Add(Math.Abs((one.DecodeFactor / decode) - 1));
            errors.Add(Math.Abs((one.PrefillFactor / prefill) - 1));
        }

        return found;
    }

    /// <summary>Reads every engine's counters once a second, as a scrape would.</summary>
    private sealed class Recorder(SimulatedFleet fleet) : IFleetControl
    {
        private readonly Dictionary<(int, int), EngineCounters> last = [];

        public double IntervalSeconds => 1;

        public List<EngineCounters>[] Windows { get; } = [.. fleet.Pools.Select(_ => new List<EngineCounters>())];

        public void Decide(FleetView view, ICollection<FleetChange> changes)
        {
            for (var p = 0; p < fleet.Pools.Length; p++)
            {
                for (var r = 0; r < fleet.Pools[p].Placement.Length; r++)
                {
                    var now = view.Replica(p, r).Counters;
                    if (last.TryGetValue((p, r), out var before) && now.Since(before) is { } window)
                        Windows[p].Add(window);
                    last[(p, r)] = now;
                }
            }
        }
    }
}
