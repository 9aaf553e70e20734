using Ops.Learning;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>
/// What a policy gains by going on from live outcomes: trained on the declared fleet, put on trial on one whose engines are 30 % off,
/// itself simulated and called live here, where it explores, and corrected by what that led to.
/// </summary>
internal static class ContinueBench
{
    private static readonly (string Name, double Decode, double Prefill)[] Differences =
        [("slower", 1.3, 1.3), ("faster", 0.7, 0.7), ("prefill_slower", 0.7, 1.3), ("prefill_faster", 1.3, 0.7)];

    internal static void Run(BenchContext context, RoutingInputs inputs)
    {
        var declared = BenchFleets.Ladder;
        var scale = context.Quick ? new Scale(1, 1, 1_800, 3, 120) : new Scale(4, 3, 14_400, 10, 400);
        var orders = Enumerable.Range(1, scale.Trainings).Select(seed => new TrainingOrder { Fleet = declared, Objective = RoutingInputs.Chat, Seed = seed, Quick = context.Quick }).ToList();
        var policies = new PolicyModel[orders.Count];
        Parallel.For(0, orders.Count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i => policies[i] = RouteTrainer.Train(orders[i]).Model);
        Measure(context, inputs, declared, orders, policies, scale);
    }

    internal static void Measure(BenchContext context, RoutingInputs inputs, SimulatedFleet declared, List<TrainingOrder> orders, PolicyModel[] policies, Scale scale)
    {
        var validation = RouteTrainer.Validation(orders[0]);
        var all = new List<Continued>();
        foreach (var (name, decode, prefill) in Differences.Take(scale.Differences))
        {
            var live = declared with { Pools = [.. declared.Pools.Select(pool => pool with { Profile = pool.Profile.Altered(decode, prefill, 1), Believed = pool.Profile })] };
            var continued = policies.Select((policy, i) => Continue(context, inputs, live, policy, validation, scale, name, i)).ToList();
            all.AddRange(continued);
            foreach (var (stream, workload) in new (string, Func<int, Workload>)[] { ("conv_20", seed => inputs.Conversation(20, scale.Seconds, seed)), ("bursty_16", seed => inputs.Bursty(16, scale.Seconds, seed)) })
                Compare(context, live, continued, $"{name}_{stream}", workload, scale.Seeds);
        }

        context.Figures.Add("continue_changed", all.Count(one => one.Result.Model is not null), "", $"policies of {all.Count} that their outcomes changed");
        context.Figures.Add("continue_noise", all.Average(one => one.Result.Noise), "", "quality over 20 s by outcome that neither state nor arrivals explain");
        context.Figures.Add("continue_seen", all.Average(one => 1.96 * one.Result.Seen), "", $"mean effect of a candidate that can be told from none, from {all.Average(one => one.Result.Explored):0} explored outcomes");
        var cost = Interval.Of([.. all.Select(one => one.Cost)]);
        context.Figures.Add("continue_cost_points", cost.Mean, "points", $"performance that exploring {100 * LiveExplorer.MostShare:0} % of the requests cost, on the same arrivals, 95 % +- {cost.Half:0.000}; bound {100 * LiveExplorer.MostShare * LiveExplorer.MostLoss:0.0}");
    }

    // Traffic of hours with bursts, once with exploration and once without.
    private static Continued Continue(BenchContext context, RoutingInputs inputs, SimulatedFleet live, PolicyModel policy, IReadOnlyList<SimulatedStream> validation, Scale scale, string name, int training)
    {
        var traffic = inputs.Bursty(16, scale.LiveSeconds, 100 + training);
        var (calm, exploring) = (Trial(live, policy, traffic, 0, out _), Trial(live, policy, traffic, LiveExplorer.MostShare, out var explorer));
        var result = PolicyContinuation.Of(policy, [explorer.Outcomes.Read(long.MaxValue / 2)], validation, new());
        context.Say($"{name}, training {training + 1}: {result.Explored} explored, noise {result.Noise:0.00}, predicted {result.Effect.Predicted:+0.000;-0.000}, outcomes add {result.Effect.Added:+0.000;-0.000} +- {1.96 * result.Seen:0.000}, evidence {result.Evidence:0.0}, newest quarter {result.HeldOut:0.0}: {result.Reason}");
        return new(new LearnedPolicy(policy, new PricePolicy()), new LearnedPolicy(result.Model ?? policy, new PricePolicy()), result, 100 * (calm - exploring));
    }

    private static double Trial(SimulatedFleet live, PolicyModel policy, Workload traffic, double share, out LiveExplorer explorer)
    {
        var guarded = new GuardedPolicy(policy, new PricePolicy(policy.EnergyWeight), RoutingInputs.Chat.HardDeadline);
        explorer = guarded.Explorer;
        explorer.Share = share;
        return Score.Of(TrialRun.Run(live, guarded, traffic, new() { Objective = RoutingInputs.Chat }), live, RoutingInputs.Chat).Performance;
    }

    // By seed of the workload: the mean over trainings.
    private static void Compare(BenchContext context, SimulatedFleet live, List<Continued> continued, string name, Func<int, Workload> workload, int seeds)
    {
        double Performance(IPolicy policy, Workload stream) => 100 * new Arm("", live, policy).Run(stream, RoutingInputs.Chat).Performance;
        var runs = Enumerable.Range(0, seeds).Select(workload).Select(stream =>
            (Price: Performance(new PricePolicy(), stream), Before: continued.Average(one => Performance(one.Before, stream)), After: continued.Average(one => Performance(one.After, stream)))).ToList();
        void Add(string key, IEnumerable<double> values, string what)
        {
            var interval = Interval.Of([.. values]);
            context.Figures.Add($"continue_{key}_{name}", interval.Mean, "points", $"{what}, 95 % +- {interval.Half:0.00}");
        }

        Add("price", runs.Select(run => run.Price), "performance of price on the live fleet");
        Add("before", runs.Select(run => run.Before - run.Price), "uncontinued policy over price");
        Add("after", runs.Select(run => run.After - run.Price), "continued policy over price");
        Add("gain", runs.Select(run => run.After - run.Before), "continued over uncontinued");
    }

    internal sealed record Scale(int Differences, int Trainings, double LiveSeconds, int Seeds, double Seconds);

    private sealed record Continued(IPolicy Before, IPolicy After, Continuation Result, double Cost);
}
