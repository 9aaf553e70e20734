using Ops.Picking;

namespace Ops.Learning.Tests;

/// <summary>Rollouts, the lookahead and the trainer.</summary>
public class Training_rules
{
    private static readonly Objective Objective = Objective.Default;

    [Fact]
    public void A_rollout_leaves_the_run_as_it_was_and_sees_what_a_choice_leads_to()
    {
        var fleet = Fleets.Ladder();
        // Alone on the fleet: what counts is the variant's own quality.
        var arrivals = Fleets.Requests((1, 500, 50)).Arrivals.ToArray();
        var log = new OutcomeLog(1);
        var run = new Simulation(fleet, new PricePolicy(), arrivals, new(), log);
        run.AdvanceToArrival();
        var returns = new double[4];
        new Rollouts(fleet, arrivals, new(), Objective, new PricePolicy(), 5, 0).Returns(run, returns);

        returns.ShouldBe([0.7, 0.81, 0.88, 0], 1e-9);
        run.NextArrival.ShouldBe(0);
        run.Arrive();
        run.Drain();
        log.All[0].Variant.ShouldBe(2);
    }

    [Fact]
    public void Energy_lowers_a_return_by_its_weight()
    {
        var fleet = Fleets.Ladder();
        var arrivals = Fleets.Requests((1, 500, 50)).Arrivals.ToArray();
        var run = new Simulation(fleet, new PricePolicy(), arrivals, new(), new OutcomeLog(1));
        run.AdvanceToArrival();
        var (free, weighed) = (new double[4], new double[4]);
        new Rollouts(fleet, arrivals, new(), Objective, new PricePolicy(), 5, 0).Returns(run, free);
        new Rollouts(fleet, arrivals, new(), Objective, new PricePolicy(), 5, 1e-3).Returns(run, weighed);

        // The large model takes four boards for longer.
        (free[2] - weighed[2]).ShouldBeGreaterThan(free[0] - weighed[0]);
        (free[0] - weighed[0]).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Whoever_knows_the_future_does_no_worse_than_the_rule()
    {
        var fleet = Fleets.Ladder();
        var workload = Workloads.Bursts(3, 60, 15, 8, 120, Fleets.Conversation, seed: 3);
        var rule = Score.Of(fleet.Run(workload, policy: new PricePolicy()), fleet, Objective).Performance;
        var bound = Score.Of(Lookahead.Run(fleet, new PricePolicy(), workload, new(), Objective), fleet, Objective).Performance;

        bound.ShouldBeGreaterThan(rule);
    }

    [Fact]
    public void Training_is_the_same_each_time_and_fits_into_its_file()
    {
        var fleet = Fleets.Ladder();
        Training Train() => AdvantageTrainer.Train(
            TrainingStreams.Draw(fleet, 30, Objective, 1155, 211, 5, 60, seed: 1),
            TrainingStreams.Draw(fleet, 30, Objective, 1155, 211, 2, 60, seed: 2), new(), 0, 30, seed: 1);
        var first = Train();
        var file = PolicyFile.Write(first.Model);

        PolicyFile.Write(Train().Model).ShouldBe(file);
        file.Length.ShouldBeLessThan(50_000);
        first.Labels.ShouldBeGreaterThan(500);
        first.Curve.ShouldAllBe(loss => double.IsFinite(loss));
        PolicyFile.Read(file, [.. fleet.Pools.Select(p => p.Name)]).Margin.ShouldBe(first.Model.Margin);
    }

    [Fact]
    public void Double_dqn_is_the_same_each_time_and_its_errors_shrink()
    {
        var fleet = Fleets.Ladder();
        Training Train() => DoubleDqnTrainer.Train(
            TrainingStreams.Draw(fleet, 30, Objective, 1155, 211, 10, 60, seed: 1),
            TrainingStreams.Draw(fleet, 30, Objective, 1155, 211, 2, 60, seed: 2), new(), 0, 100, seed: 1);
        var first = Train();

        PolicyFile.Write(Train().Model).ShouldBe(PolicyFile.Write(first.Model));
        first.Labels.ShouldBeGreaterThan(1000);
        // Values of some 5 are to be learned from about 0. One stream alone is soon known by heart, so the errors are largest
        // where the next ones come.
        first.Curve[^1].ShouldBeLessThan(0.75 * first.Curve.Max());
    }

    [Fact]
    public void A_margin_is_finite_only_where_validation_gains_with_it_and_loses_on_no_kind_of_arrivals()
    {
        var order = new TrainingOrder { Fleet = Fleets.Ladder(), Objective = Objective, Quick = true };
        var training = RouteTrainer.Train(order);
        var rule = new PricePolicy();
        var streams = TrainingStreams.Draw(order.Fleet, RouteTrainer.Capacity(order.Fleet, 1155, 211), Objective, 1155, 211, 20, 200, 1_000_001);
        var gains = streams.ToLookup(s => s.Kind, s => s.PerformanceOf(new LearnedPolicy(training.Model, rule), new()) - s.PerformanceOf(rule, new()));

        gains.Count.ShouldBe(TrainingStreams.Kinds);
        gains.Min(kind => kind.Average()).ShouldBeGreaterThanOrEqualTo(-0.001);
        (100 * gains.SelectMany(g => g).Average()).ShouldBe(training.Gain, 1e-6);
        (training.Gain > 0).ShouldBe(double.IsFinite(training.Model.Margin));
        // Of the two ways to learn the better is kept.
        training.Other!.Method.ShouldNotBe(training.Method);
        training.Margin.Sure.ShouldBeGreaterThanOrEqualTo(training.Other.Margin.Sure);
    }

    [Fact]
    public void A_fleet_serves_about_as_much_as_its_capacity_says()
    {
        var fleet = Fleets.Ladder();
        var capacity = RouteTrainer.Capacity(fleet, 1155, 211);
        double Available(double load) => Score.Of(fleet.Run(Workloads.Poisson(load * capacity, 300, Lengths.LogNormal(1155, 0.8, 211, 1, 1), 1), policy: new PricePolicy()), fleet, Objective).Availability;

        Available(0.7).ShouldBeGreaterThan(0.95);
        Available(3).ShouldBeLessThan(0.8);
    }

    [Fact]
    public void Clusters_vary_as_much_as_they_say()
    {
        var at = Workloads.Clusters(5, 6, 20_000, Fleets.Conversation, seed: 1).Arrivals.Select(a => a.At).ToArray();
        var gaps = at.Zip(at.Skip(1), (a, b) => b - a).ToArray();
        var mean = gaps.Average();

        mean.ShouldBe(0.2, 0.02);
        (Math.Sqrt(gaps.Average(g => (g - mean) * (g - mean))) / mean).ShouldBe(6, 0.6);
    }
}
