using Ops.Picking;

namespace Ops.Learning.Tests;

/// <summary>The definitions of performance, availability and attainment.</summary>
public class Score_rules
{
    private static readonly Objective Objective = new(1, 0.1, 10, 20);

    [Fact]
    public void The_best_variant_without_load_is_the_peak()
    {
        var fleet = Fleets.Ladder();
        var run = fleet.Run(Fleets.Requests((0, 500, 50)), policy: new StaticPolicy(fleet.Pools[2].Name));
        var score = Score.Of(run, fleet, Objective);

        score.Performance.ShouldBe(1, 1e-9);
        (score.Availability, score.Attainment, score.Rejected).ShouldBe((1, 1, 0));
        score.MeanQuality.ShouldBe(0.88);
    }

    [Fact]
    public void A_worse_variant_delivers_its_share_of_the_best_ones_quality()
    {
        var fleet = Fleets.Ladder();
        var run = fleet.Run(Fleets.Requests((0, 500, 50)), policy: new StaticPolicy(fleet.Pools[0].Name));

        Score.Of(run, fleet, Objective).Performance.ShouldBe(0.7 / 0.88, 1e-9);
    }

    [Theory]
    [InlineData(0.5, 5, 1)]
    [InlineData(2, 5, 0.5)]
    [InlineData(1, 15, 0.5)]
    [InlineData(1, 20, 0)]
    public void Late_answers_lose_their_worth(double firstToken, double completion, double worth)
    {
        Score.Worth(firstToken, completion, Objective).ShouldBe(worth, 1e-9);
    }

    [Fact]
    public void Rejected_requests_deliver_nothing_and_count()
    {
        var fleet = Fleets.One();
        var run = fleet.Run(Fleets.Requests((0, 10, 10), (15, 10, 10)), new() { Changes = [new(10, new(FleetAction.Lose, 0, 0))] });
        var score = Score.Of(run, fleet, Objective);

        score.Performance.ShouldBe(0.5, 1e-9);
        score.Windows.ShouldBe([1, 0], 1e-9);
        (score.Availability, score.Rejected, score.WindowsAbove(0.9)).ShouldBe((0.5, 0.5, 0.5));
    }
}
