using System.Collections.Immutable;
using CsCheck;
using static Ops.Picking.Tests.Fixtures;

namespace Ops.Picking.Tests;

/// <summary>The price rule and what it sees: curves, prompts under way, arrival rates.</summary>
public sealed class PriceTests
{
    // Steps of 10 ms and 0.1 ms a sequence, 400 W and 1 W a sequence, 20,000 prompt tokens a second.
    private static readonly ServingCurve Curve = new(
        [.. Enumerable.Range(1, 256).Select(b => 0.01 + (b * 1e-4))], [.. Enumerable.Range(1, 256).Select(b => (0.01 + (b * 1e-4)) * (400 + b))], idleWatts: 70, 5e-5, 0.03);

    private static readonly ArrivalRates Busy = new(30, 30, 30, 30 * 1000);

    [Fact]
    public void An_idle_fleet_gives_the_best_answer() =>
        Route(Known("small", 0.5, Replica("a")), Known("large", 0.9, Replica("b"))).Choose(new PricePolicy()).Variant.ShouldBe(1);

    [Fact]
    public void Under_load_a_backlog_at_the_best_moves_work_to_the_next()
    {
        var loaded = Replica("b");
        loaded.Load.Sent(8_000);
        var route = Route(Known("small", 0.7, Replica("a")), Known("large", 0.9, loaded));

        var calm = Chooser.Choose(route, new PricePolicy(), Chat with { PromptTokens = 2000 }, default);
        var busy = Chooser.Choose(route, new PricePolicy(), Chat with { PromptTokens = 2000, Rates = Busy }, default);

        calm.Variant.ShouldBe(1);
        busy.Variant.ShouldBe(0);
    }

    [Fact]
    public void A_backlog_on_GPUs_that_others_need_too_moves_work_sooner()
    {
        var large = Replica("b");
        large.Load.Sent(5_000);
        var sharing = large with { Neighbours = [.. Enumerable.Range(0, 4).Select(i => new Neighbour(Replica($"idle-{i}").Load, 1e-4))] };
        var request = Chat with { PromptTokens = 2000, Rates = Busy };

        Chooser.Choose(Route(Known("small", 0.7, Replica("a")), Known("large", 0.9, large)), new PricePolicy(), request, default).Variant.ShouldBe(1);
        Chooser.Choose(Route(Known("small", 0.7, Replica("a")), Known("large", 0.9, sharing)), new PricePolicy(), request, default).Variant.ShouldBe(0);
    }

    [Fact]
    public void Energy_counts_as_much_as_its_weight_says()
    {
        // A lone request on an idle replica costs its whole steps; the hundredth costs a little more of each step.
        var route = Route(Known("idle", 0.8, Replica("a")), Known("shared", 0.75, Replica("b", running: 60)));

        route.Choose(new PricePolicy()).Variant.ShouldBe(0);
        route.Choose(new PricePolicy(energyWeight: 0.001)).Variant.ShouldBe(1);
    }

    [Fact]
    public void A_request_that_costs_others_more_than_it_gives_is_declined_with_a_retry()
    {
        var loaded = Replica("a");
        loaded.Load.Sent(60_000);
        var route = Route(Known("only", 0.1, loaded));
        var choice = Chooser.Choose(route, new PricePolicy(), Chat with { PromptTokens = 8000, Rates = Busy }, default);

        choice.ShouldBe(new Choice(ChoiceKind.Declined, -1, -1, 1, 0, 0));
    }

    [Fact]
    public void A_long_prompt_is_never_declined_by_an_idle_fleet() =>
        Gen.Select(Gen.Int[1, 100_000], Gen.Double[0.05, 1]).Sample((prompt, quality) =>
            Chooser.Choose(Route(new Objective(100, 1, 100, 200), Known("p", quality, Replica("a"))), new PricePolicy(), Chat with { PromptTokens = prompt }, default).Kind == ChoiceKind.Chosen);

    [Fact]
    public void A_long_prompt_behind_others_is_served_while_the_fleet_has_room_and_where_its_load_is_a_guess()
    {
        var loaded = Replica("a");
        loaded.Load.Sent(10_000);
        var half = new ArrivalRates(4, 4, 4, 4 * 2000);
        var request = Chat with { PromptTokens = 60_000 };

        FleetLoad.Of(Route(Known("only", 0.9, loaded)), request with { Rates = half }).ShouldBeInRange(0.2, 0.95);
        Chooser.Choose(Route(Known("only", 0.9, loaded)), new PricePolicy(), request with { Rates = half }, default).Kind.ShouldBe(ChoiceKind.Chosen);
        Chooser.Choose(Route(Known("only", 0.9, loaded)), new PricePolicy(), request with { Rates = new(90, 90, 90, 90 * 2000) }, default).Kind.ShouldBe(ChoiceKind.Declined);
        Chooser.Choose(Route(Variant("only", 0.9, loaded)), new PricePolicy(), request with { Rates = new(90, 90, 90, 90 * 2000) }, default).Kind.ShouldBe(ChoiceKind.Chosen);
    }

    [Fact]
    public void No_open_variant_scores_higher_than_the_choice() =>
        Gen.Select(AnyRoute, AnyRequest, Gen.Double[0, 100]).Sample((route, request, rate) =>
        {
            var policy = new PricePolicy(1e-4);
            request = request with { Rates = new(rate, rate, rate, rate * 500) };
            var choice = Chooser.Choose(route, policy, request, default);
            if (choice.Kind != ChoiceKind.Chosen)
                return true;
            var load = FleetLoad.Of(route, request);
            var price = policy.Price(load);
            var chosen = ChooserTests.Outlook(route, choice.Variant, request);
            var score = policy.Score(route, choice.Variant, chosen, request, price);
            return score > policy.Threshold(route, load) && !Enumerable.Range(0, route.Variants.Length).Any(v =>
                ChooserTests.Outlook(route, v, request) is { Replica: >= 0 } o
                && o.Reluctance == chosen.Reluctance
                && o.StartDelay <= route.Objective.HardDeadline - request.ElapsedSeconds
                && policy.Score(route, v, o, request, price) > score);
        });

    [Fact]
    public void A_curve_predicts_what_an_unseen_replica_will_take()
    {
        var replica = Replica("a", observedAt: null);
        replica.Load.Sent(2000);
        var outlook = ChooserTests.Outlook(Route(Known("p", 1, replica)), 0, Chat with { PromptTokens = 1000 });

        outlook.TimePerOutputToken.ShouldBe(0.0101, 1e-9);
        outlook.PrefillSeconds.ShouldBe(0.05, 1e-9);
        outlook.TimeToFirstToken.ShouldBe(0.1 + 0.0101 + 0.05, 1e-9);
    }

    [Fact]
    public void Marginal_joules_are_the_whole_step_on_an_idle_replica_and_its_growth_on_a_busy_one()
    {
        var step = (double b) => (0.01 + (b * 1e-4)) * (400 + b);
        Curve.MarginalJoules(0, 100, 10).ShouldBe(3 + (10 * (step(1) - (70 * 0.0101))), 1e-9);
        Curve.MarginalJoules(50, 0, 10).ShouldBe(10 * (step(51) - step(50)), 1e-9);
        Curve.MarginalJoules(10_000, 0, 10).ShouldBe(0);
        // Shares add up to the step.
        (4 * Curve.ShareOfJoules(4, 0, 10)).ShouldBe(10 * step(4), 1e-9);
        Curve.ShareOfJoules(1, 100, 0).ShouldBe(3, 1e-9);
        Should.Throw<ArgumentException>(() => new ServingCurve([1], [], 0, 0, 0));
    }

    [Fact]
    public void Rates_cover_their_windows_and_forget()
    {
        var rates = new ArrivalRateEstimator();
        for (var ms = 0; ms < 10_000; ms += 100)
            rates.Record(ms, 500);

        rates.Read(9_999).ShouldBe(new ArrivalRates(10, 10, 100 / 30.0, 5_000));
        rates.Read(12_499).Over5Seconds.ShouldBe(5);
        // 40 s later the ring's places have been used by nobody, and still hold other times.
        rates.Read(50_000).ShouldBe(default);
    }

    [Fact]
    public async Task Rates_lose_nothing_when_many_record_at_once()
    {
        var rates = new ArrivalRateEstimator();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
                rates.Record(i / 10, 3);
        })));

        rates.Read(999).ShouldBe(new ArrivalRates(80_000, 16_000, 80_000 / 30.0, 48_000));
    }

    [Fact]
    public void Round_robin_takes_the_variants_in_turn()
    {
        var route = Route(Known("a", 0.1, Replica("a")), Known("b", 0.2), Known("c", 0.3, Replica("c")));

        Enumerable.Range(0, 4).Select(i => Chooser.Choose(route, new RoundRobinPolicy(), Chat with { Spread = (uint)i }, default).Variant).ShouldBe([0, 2, 0, 2]);
    }

    [Fact]
    public void What_the_neighbours_on_its_GPUs_have_to_compute_stands_before_a_request()
    {
        var neighbour = Replica("small");
        var large = Replica("large") with { Neighbours = [new(Replica("idle").Load, 1e-4), new(neighbour.Load, 1e-4)] };
        var route = Route(Known("small", 0.6, neighbour), Known("large", 0.9, large));

        route.Choose(new LadderPolicy()).Variant.ShouldBe(1);
        neighbour.Load.Sent(20_000);

        // 20,000 tokens take 2 s of a GPU that both need: a first token of the large one would be late.
        ChooserTests.Outlook(route, 1, Chat).BacklogSeconds.ShouldBe(2, 1e-9);
        route.Choose(new LadderPolicy()).Variant.ShouldBe(0);
    }

    private static VariantState Known(string pool, double quality, params ReplicaState[] replicas) => Variant(pool, quality, replicas) with { Curve = Curve };
}
