using Ops.Picking;

namespace Ops.Learning.Tests;

/// <summary>A policy that is corrected by what its exploration led to.</summary>
public class Continuation_rules
{
    private static readonly string[] Pools = ["8b", "14b", "32b"];
    private const int Figures = PolicyFeatures.Count;

    [Fact]
    public void Too_few_outcomes_are_counted_and_change_nothing()
    {
        var result = PolicyContinuation.Of(Model(0), [Outcomes(400, effect: 0.5, noise: 0.1, seed: 1)], [], new());

        result.Model.ShouldBeNull();
        result.Explored.ShouldBeInRange(60, 140);
        result.Reason.ShouldBe($"{PolicyContinuation.LeastExplored - result.Explored} outcomes of exploration are missing: 1000 are needed, there are {result.Explored}");
        PolicyContinuation.Of(Model(0), [], [], new()).Reason.ShouldContain("there are 0");
    }

    [Fact]
    public void What_the_policy_already_predicts_changes_nothing()
    {
        var result = PolicyContinuation.Of(Model(0.2f), [Outcomes(8_000, effect: 0.2, noise: 0.5, seed: 2)], Streams(), new());

        result.Model.ShouldBeNull(result.Reason);
        result.Effect.Added.ShouldBe(0, 3 * result.Seen);
    }

    [Fact]
    public void An_effect_that_it_does_not_know_is_found_through_arrivals_that_count_for_far_more()
    {
        var result = PolicyContinuation.Of(Model(0), [Outcomes(8_000, effect: 0.2, noise: 0.5, seed: 3), Outcomes(8_000, effect: 0.2, noise: 0.5, seed: 4)], Streams(), new());

        var corrected = result.Model.ShouldNotBeNull(result.Reason);
        (result.Effect.Predicted, result.Effect.Added, result.Seen).ShouldSatisfyAllConditions(
            e => e.Predicted.ShouldBe(0), e => e.Added.ShouldBe(0.2, 3 * e.Seen), e => e.Seen.ShouldBeInRange(0.005, 0.02));
        result.Noise.ShouldBe(0.5, 0.05);
        result.Explained.ShouldBeGreaterThan(0.9);
        corrected.Advantage(new float[Figures]).ShouldBe(0.2f, 0.05f);
        PolicyFile.Read(PolicyFile.Write(corrected), [.. Pools]).Advantage(new float[Figures]).ShouldBe(corrected.Advantage(new float[Figures]));
    }

    [Fact]
    public void A_correction_that_loses_on_simulated_arrivals_at_every_margin_changes_nothing()
    {
        // Everything but the rule's choice seems far better, which in the simulator it is not.
        var result = PolicyContinuation.Of(Model(0, margin: 0.6), [Outcomes(8_000, effect: 1.5, noise: 0.5, seed: 5)], Streams(), new());

        result.Model.ShouldBeNull();
        result.Reason.ShouldBe("the corrected policy loses to the price rule on some kind of simulated arrivals at every margin");
    }

    [Fact]
    public void A_fleet_that_is_not_as_simulated_leaves_outcomes_that_a_policy_learns_from()
    {
        var fleet = Fleets.Ladder();
        var policy = new GuardedPolicy(Model(0, pools: [.. fleet.Pools.Select(p => p.Name)]), new PricePolicy(), Objective.Default.HardDeadline);
        policy.Explorer.Share = LiveExplorer.MostShare;
        var run = TrialRun.Run(fleet, policy, Workloads.Poisson(15, 1_200, Fleets.Conversation, seed: 1), new());
        var (draws, _) = policy.Explorer.Outcomes.Read(long.MaxValue / 2);

        policy.Trial.Standing.ShouldBe(PolicyStanding.InForce);
        run.Outcomes.Length.ShouldBeInRange(17_000, 19_000);
        // A fifth of three quarters of them, less the first minutes.
        draws.Length.ShouldBeInRange(1_800, 2_900);
        draws.Average(draw => (double)draw.Arrivals).ShouldBe(300, 10);
        draws.ShouldAllBe(draw => draw.Delivered <= draw.Best + 0.9f);
    }

    [Fact]
    public void A_draw_that_looks_more_certain_than_any_other_does_not_outweigh_them()
    {
        // The more arrive, the less is left to chance; of one with more than any other too little would be left.
        var (draws, rows) = Outcomes(4_000, effect: 0, noise: 10, seed: 5);
        for (var i = 0; i < draws.Length; i++)
            draws[i].Delivered = (0.8f * draws[i].Arrivals) + ((draws[i].Delivered - (0.8f * draws[i].Arrivals)) / (1 + draws[i].Arrivals));
        var fit = new OutcomeFit(Model(0), OutcomeRow.From(draws, rows));
        var strange = OutcomeRow.From([new() { Followed = true, ChoiceIsRule = true, Arrivals = 100_000, Best = 18, Delivered = 17 }], rows);

        Math.Abs(fit.Gain(strange, [.. new double[Figures], 0.1])).ShouldBeLessThan(10);
    }

    private static IReadOnlyList<SimulatedStream> Streams() => TrainingStreams.Draw(Fleets.Ladder(), 30, Objective.Default, 1155, 211, TrainingStreams.Kinds, 60, seed: 7);

    // Predicts the same for every candidate.
    private static PolicyModel Model(float promise, double margin = double.PositiveInfinity, string[]? pools = null) => new(
        [.. pools ?? Pools], margin, 0, [.. Enumerable.Repeat(-4f, Figures)], [.. Enumerable.Repeat(4f, Figures)], [new float[Figures]], [[promise]]);

    // Draws whose candidate is worth so much more than the choice, under arrivals that explain most of what is delivered.
    private static (LiveOutcome[] Draws, float[] Rows) Outcomes(int count, double effect, double noise, int seed)
    {
        var random = new Random(seed);
        var draws = Enumerable.Range(0, count).Select(i =>
        {
            var followed = random.NextDouble() < LiveExplorer.FollowedShare;
            var arrivals = random.Next(5, 40);
            var chance = noise * Math.Sqrt(3) * ((2 * random.NextDouble()) - 1);
            return new LiveOutcome { AtMs = i - count, Followed = followed, ChoiceIsRule = true, Arrivals = arrivals, Best = 0.9f * arrivals, Delivered = (float)((0.8 * arrivals) + (followed ? effect : 0) + chance) };
        }).ToArray();
        return (draws, new float[count * 2 * Figures]);
    }
}
