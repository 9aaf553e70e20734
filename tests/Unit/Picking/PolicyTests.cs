using CsCheck;
using static Ops.Picking.Tests.Fixtures;

namespace Ops.Picking.Tests;

public sealed class PolicyTests
{
    private static readonly LadderPolicy Ladder = new();
    private static readonly GreedyPolicy Greedy = new();

    [Fact]
    public void The_ladder_takes_the_best_quality_when_nothing_queues() =>
        Route(Variant("small", 0.6, Replica("a")), Variant("large", 0.9, Replica("b", running: 100))).Choose(Ladder).Variant.ShouldBe(1);

    [Fact]
    public void The_ladder_steps_down_when_the_best_variant_queues() =>
        Route(
            Variant("small", 0.6, Replica("a")),
            Variant("medium", 0.7, Replica("b")),
            Variant("large", 0.9, Replica("c", running: 100, waiting: 4))).Choose(Ladder).Variant.ShouldBe(1);

    [Fact]
    public void The_ladder_bears_a_short_queue() =>
        Route(Variant("small", 0.6, Replica("a")), Variant("large", 0.9, Replica("b", running: 100, waiting: 3))).Choose(Ladder).Variant.ShouldBe(1);

    [Fact]
    public void The_ladder_counts_its_own_requests_since_the_scrape_as_queued_behind_a_full_batch()
    {
        var large = Replica("b", running: 100, waiting: 1);
        var route = Route(Variant("small", 0.6, Replica("a")), Variant("large", 0.9, large));
        for (var i = 0; i < 3; i++)
        {
            route.Choose(Ladder).Variant.ShouldBe(1);
            large.Load.Enter();
        }

        route.Choose(Ladder).Variant.ShouldBe(0);
    }

    [Fact]
    public void With_every_rung_under_pressure_the_ladder_takes_the_one_with_the_least_work() =>
        Route(Variant("small", 0.6, Replica("a", running: 9, waiting: 40)), Variant("large", 0.9, Replica("b", running: 9, waiting: 20)))
            .Choose(Ladder).Variant.ShouldBe(1);

    [Fact]
    public void A_slow_decode_is_pressure_too() =>
        Route(
            Variant("small", 0.6, Replica("a")),
            Variant("large", 0.9, Replica("b") with { SecondsPerOutputToken = 0.15 })).Choose(Ladder).Variant.ShouldBe(0);

    [Fact]
    public void The_task_decides_what_the_best_quality_is()
    {
        var route = RouteSnapshot.Create("r", Objective.Default, ["default", "code"],
        [
            new VariantState { Pool = "writer", Quality = [0.9, 0.3], Replicas = [Replica("a")] },
            new VariantState { Pool = "coder", Quality = [0.5, 0.8], Replicas = [Replica("b")] },
        ]);

        Chooser.Choose(route, Ladder, Chat, default).Variant.ShouldBe(0);
        Chooser.Choose(route, Ladder, Chat with { Task = 1 }, default).Variant.ShouldBe(1);
    }

    [Fact]
    public void Static_takes_its_pool_however_loaded() =>
        Route(Variant("idle", 0.9, Replica("a")), Variant("mine", 0.1, Replica("b", running: 100, waiting: 50)))
            .Choose(new StaticPolicy("mine")).Variant.ShouldBe(1);

    [Fact]
    public void Static_never_takes_another_pool() =>
        Route(Variant("idle", 0.9, Replica("a")), Variant("mine", 0.1)).Choose(new StaticPolicy("mine")).Kind.ShouldBe(ChoiceKind.NoReplicaReady);

    [Fact]
    public void Greedy_takes_the_best_quality_that_still_meets_the_deadline()
    {
        // 100 tokens at 0.5 s are past the hard deadline of 60 s with the margin; at 0.2 s they are not.
        var route = Route(
            Variant("small", 0.5, Replica("a") with { SecondsPerOutputToken = 0.01 }),
            Variant("medium", 0.7, Replica("b") with { SecondsPerOutputToken = 0.2 }),
            Variant("large", 0.9, Replica("c") with { SecondsPerOutputToken = 0.5 }));

        route.Choose(Greedy).Variant.ShouldBe(1);
    }

    [Fact]
    public void Greedy_takes_the_soonest_completion_when_no_answer_would_be_worth_anything()
    {
        var route = Route(
            Variant("large", 0.9, Replica("a") with { SecondsPerOutputToken = 0.9 }),
            Variant("small", 0.5, Replica("b") with { SecondsPerOutputToken = 0.8 }));

        route.Choose(Greedy).Variant.ShouldBe(1);
    }

    [Fact]
    public void The_ladder_never_passes_over_a_better_open_rung_that_is_not_under_pressure()
    {
        Gen.Select(AnyRoute, AnyRequest).Sample((route, request) =>
        {
            var choice = Chooser.Choose(route, Ladder, request, default);
            if (choice.Kind != ChoiceKind.Chosen)
                return true;
            var chosen = ChooserTests.Outlook(route, choice.Variant, request);
            return !Enumerable.Range(0, route.Variants.Length).Any(v =>
                ChooserTests.Outlook(route, v, request) is { Replica: >= 0 } o
                && o.Reluctance == chosen.Reluctance
                && o.StartDelay <= route.Objective.HardDeadline - request.ElapsedSeconds
                && route.Variants[v].Quality[request.Task] > route.Variants[choice.Variant].Quality[request.Task]
                && LadderPolicy.Pressure(o, route.Objective, request.Streaming) < 1);
        });
    }

    [Fact]
    public void No_open_variant_scores_higher_than_greedys_choice()
    {
        Gen.Select(AnyRoute, AnyRequest).Sample((route, request) =>
        {
            var choice = Chooser.Choose(route, Greedy, request, default);
            if (choice.Kind != ChoiceKind.Chosen)
                return true;
            double Score(int v, VariantOutlook o) => GreedyPolicy.Score(route.Variants[v].Quality[request.Task], o, route.Objective, request);
            var chosen = ChooserTests.Outlook(route, choice.Variant, request);
            var score = Score(choice.Variant, chosen);
            return !Enumerable.Range(0, route.Variants.Length).Any(v =>
                ChooserTests.Outlook(route, v, request) is { Replica: >= 0 } o
                && o.Reluctance == chosen.Reluctance
                && o.StartDelay <= route.Objective.HardDeadline - request.ElapsedSeconds
                && Score(v, o) > score);
        });
    }

    [Fact]
    public void Worth_falls_from_one_to_zero_between_the_deadlines()
    {
        Objective.Default.Worth(30).ShouldBe(1);
        Objective.Default.Worth(45).ShouldBe(0.5);
        Objective.Default.Worth(60).ShouldBe(0);
        new Objective(1, 1, 30, 30).Worth(30.001).ShouldBe(0);
    }

    [Fact]
    public void A_route_refuses_more_variants_than_the_choice_has_rows_for() =>
        Should.Throw<ArgumentException>(() => Route([.. Enumerable.Range(0, RouteSnapshot.MaxVariants + 1).Select(i => Variant($"p{i}", 1))]))
            .Message.ShouldContain("at most 32");
}
