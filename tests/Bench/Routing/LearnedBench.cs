using System.Diagnostics;
using Ops.Learning;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>The learned policy beside the rule that it starts from and the lookahead that bounds it, on streams that it never saw.</summary>
internal static class LearnedBench
{
    internal static void Run(BenchContext context, RoutingInputs inputs, string plots)
    {
        var fleet = BenchFleets.Ladder;
        var trainings = context.Quick ? 1 : 5;
        var seconds = context.Quick ? 120 : 400;
        var seeds = context.Quick ? 8 : 10;
        var rule = new Arm("price", fleet, new PricePolicy());
        // A route has one objective and one policy, so each is trained for itself; always in full, since a fraction of the
        // labels shows nothing.
        var orders = new[] { (RoutingInputs.Chat, 1155, 211), (RoutingInputs.Completion, 2048, 28) }
            .SelectMany(_ => Enumerable.Range(1, trainings), (of, seed) => new TrainingOrder { Fleet = fleet, Objective = of.Item1, PromptTokens = of.Item2, OutputTokens = of.Item3, Seed = seed })
            .ToList();
        var results = new (Training Training, double Seconds)[orders.Count];
        Parallel.For(0, orders.Count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i =>
        {
            var watch = Stopwatch.StartNew();
            results[i] = (RouteTrainer.Train(orders[i]), watch.Elapsed.TotalSeconds);
        });
        foreach (var (training, took) in results)
            context.Say($"training: {training.Method} kept, {training.Labels:N0} labels, margin {training.Model.Margin}, gain on validation {training.Gain:0.00} points, {took:0} s");
        Methods(context, [.. results.Select(result => result.Training)]);
        Plot(results[0].Training, plots);
        var policies = orders.Select((order, i) => (order.Objective, new Arm($"learned {order.Seed}", fleet, new LearnedPolicy(results[i].Training.Model, new PricePolicy())))).ToList();
        context.Figures.Add("train_s", results.Average(result => result.Seconds), "s", $"one training on one core, mean of {results.Length}, two at a time");
        Compare(context, inputs, fleet, rule, policies, seconds, seeds);
    }

    private static void Methods(BenchContext context, List<Training> trainings)
    {
        var all = trainings.Concat(trainings.Select(training => training.Other!)).ToLookup(training => training.Method);
        foreach (var (method, key, name) in new[] { (TrainingMethod.Advantages, "rollouts", "advantages from rollouts"), (TrainingMethod.DoubleDqn, "dqn", "double DQN") })
        {
            context.Figures.Add($"{key}_validation_gain_points", all[method].Average(training => training.Gain), "points", $"{name} over price on validation streams, at the margin that they chose; 0 where none gained");
            context.Figures.Add($"{key}_alone_gain_points", all[method].Average(training => training.Margin.LeastMarginGain), "points", $"{name} over price on validation streams with the least margin, 0.01");
        }

        context.Figures.Add("rollouts_kept", trainings.Count(training => training.Method == TrainingMethod.Advantages), "", $"trainings of {trainings.Count} in which the one from rollouts was kept");
    }

    private static void Compare(BenchContext context, RoutingInputs inputs, SimulatedFleet fleet, Arm rule, List<(Objective Objective, Arm Arm)> all, double seconds, int seeds)
    {
        var worst = double.PositiveInfinity;
        foreach (var (name, objective, workload) in PolicyBench.Cases(inputs, seconds))
        {
            var policies = all.Where(p => p.Objective == objective).Select(p => p.Arm).ToList();
            // By seed of the workload: the mean over trainings.
            var gains = Enumerable.Range(0, seeds).Select(seed =>
            {
                var stream = workload(seed);
                return 100 * (policies.Average(p => p.Run(stream, objective).Performance) - rule.Run(stream, objective).Performance);
            }).ToList();
            var gain = Interval.Of(gains);
            worst = Math.Min(worst, gain.Mean);
            context.Figures.Add($"gain_vs_price_{name}", gain.Mean, "points", $"learned over price, {name} on seeds not trained on, 95 % +- {gain.Half:0.00}");
            if (name == "bursty_16")
                Bound(context, fleet, workload, objective, gain, seeds);
            if (name == "shift_16")
                Kept(context, inputs, policies, seconds, seeds);
        }

        context.Figures.Add("worst_vs_price_points", worst, "points", "the least of these gains");
    }

    private static void Bound(BenchContext context, SimulatedFleet fleet, Func<int, Workload> workload, Objective objective, Interval gain, int seeds)
    {
        context.Figures.Add("gain_vs_price_bursty_points", gain.Mean, "points", $"learned over price on bursts, 95 % +- {gain.Half:0.00}");
        // On the same arrivals as the gain: the distance differs from seed to seed by as much as the gain does.
        var gap = LookaheadBench.Gaps(fleet, workload, objective, seeds);
        context.Figures.Add("oracle_gap_points", gap.Mean, "points", $"clairvoyant lookahead over price on the same bursts, {seeds} seeds, 95 % +- {gap.Half:0.00}");
        context.Figures.Add("oracle_gap_closed", gain.Mean / gap.Mean, "", "share of that gap that the learned policy closes");
    }

    // Loss of a third: the largest and one of the small pools' GPUs would be 5 of 8, so the two of the 32B and one more are lost.
    private static void Kept(BenchContext context, RoutingInputs inputs, List<Arm> policies, double seconds, int seeds)
    {
        var lost = new SimulationOptions { Changes = [new(seconds / 3, new(FleetAction.Lose, 1, 0)), new(seconds / 3, new(FleetAction.Lose, 2, 0))] };
        double Mean(Func<Arm, int, double> performance) => policies.Average(p => Enumerable.Range(0, seeds).Average(seed => performance(p, seed)));
        var calm = Mean((p, seed) => p.Run(inputs.Steady(16, seconds, seed), RoutingInputs.Chat).Performance);
        var shifted = Mean((p, seed) => p.Run(inputs.Shift(16, seconds, seed), RoutingInputs.Chat).Performance);
        var broken = Mean((p, seed) => p.Run(inputs.Steady(16, seconds, seed), RoutingInputs.Chat, lost).Performance);
        // How much can be kept with what is left: a bound as that of LookaheadBench, for policies that leave later choices to the rule.
        var clairvoyant = Enumerable.Range(0, seeds).AsParallel().WithDegreeOfParallelism(2)
            .Average(seed => LookaheadBench.Performance(BenchFleets.Ladder, inputs.Steady(16, seconds, seed), RoutingInputs.Chat, lost));
        context.Figures.Add("loss_retained_bound", clairvoyant / calm, "", "clairvoyant lookahead under the same loss over the policy's performance without it");
        context.Figures.Add("shift_retained", Math.Min(shifted, broken) / calm, "", $"performance kept under a shift of the task mix ({shifted / calm:0.000}) and loss of 3 of 8 GPUs ({broken / calm:0.000}), the lesser");
    }

    private static void Plot(Training training, string plots)
    {
        var chart = new LineChart("Learning curve (simulated)", "pass over the labels", "loss on held-out labels");
        var advantages = training.Method == TrainingMethod.Advantages ? training : training.Other!;
        chart.Add("advantage", advantages.Curve.Select((loss, pass) => ((double)pass + 1, loss)));
        chart.Write(Path.Combine(plots, "learning-curve.svg"));
    }
}
