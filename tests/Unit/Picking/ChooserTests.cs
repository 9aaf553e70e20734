using System.Collections.Immutable;
using CsCheck;
using static Ops.Picking.Tests.Fixtures;

namespace Ops.Picking.Tests;

public sealed class ChooserTests
{
    private static readonly PickRules Strict = new() { RejectLateCompletion = true };

    [Fact]
    public void The_least_loaded_replica_is_taken()
    {
        var route = Route(Variant("p", 1, Replica("a", running: 5), Replica("b", running: 2), Replica("c", running: 9)));

        route.Choose(new LadderPolicy()).Replica.ShouldBe(1);
    }

    [Fact]
    public void Equally_loaded_replicas_share_the_requests()
    {
        var route = Route(Variant("p", 1, Replica("a"), Replica("b"), Replica("c")));

        var taken = Enumerable.Range(0, 300)
            .Select(i => Chooser.Choose(route, new LadderPolicy(), Chat with { Spread = (uint)i }, default).Replica)
            .CountBy(r => r).ToDictionary();

        taken.ShouldBe(new Dictionary<int, int> { [0] = 100, [1] = 100, [2] = 100 }, ignoreOrder: true);
    }

    [Fact]
    public void A_suspect_replica_is_passed_over_though_it_is_idle()
    {
        var dead = Replica("dead");
        dead.Load.Suspect(Now + 1_000);
        var route = Route(Variant("p", 1, dead, Replica("busy", running: 50)));

        route.Choose(new LadderPolicy()).Replica.ShouldBe(1);
    }

    [Fact]
    public void A_suspect_replica_is_taken_when_there_is_no_other()
    {
        var dead = Replica("dead");
        dead.Load.Suspect(Now + 1_000);

        Route(Variant("p", 1, dead)).Choose(new LadderPolicy()).Replica.ShouldBe(0);
    }

    [Fact]
    public void A_retry_goes_to_another_replica_then_to_the_next_best_variant()
    {
        var (a, b, small) = (Replica("a"), Replica("b"), Replica("small"));
        var route = Route(Variant("small", 0.5, small), Variant("large", 0.9, a, b));
        var tried = default(TriedReplicas);

        var pools = new List<string>();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var choice = Chooser.Choose(route, new LadderPolicy(), Chat, tried);
            var variant = route.Variants[choice.Variant];
            pools.Add(variant.Pool);
            tried.Contains(variant.Replicas[choice.Replica].Load).ShouldBeFalse();
            tried.Add(variant.Replicas[choice.Replica].Load);
        }

        pools.ShouldBe(["large", "large", "small"]);
    }

    [Fact]
    public void Without_replicas_the_answer_is_not_ready() =>
        Route(Variant("p", 1), Variant("q", 1)).Choose(new LadderPolicy())
            .ShouldBe(new Choice(ChoiceKind.NoReplicaReady, -1, -1, Admission.NotReadyRetrySeconds, 0, 0));

    [Fact]
    public void A_request_that_cannot_start_before_its_hard_deadline_is_rejected_with_the_time_to_wait()
    {
        // 130 queued at 2 a second start in 65 s; the hard deadline is 60 s.
        var choice = Route(Variant("p", 1, Replica("a", running: 8, waiting: 130, finishRate: 2))).Choose(new LadderPolicy());

        choice.Kind.ShouldBe(ChoiceKind.Saturated);
        choice.RetryAfterSeconds.ShouldBe(5);
    }

    [Fact]
    public void One_variant_that_can_start_in_time_is_enough_to_be_served()
    {
        var route = Route(
            Variant("large", 1, Replica("a", running: 8, waiting: 130, finishRate: 2)),
            Variant("small", 0.1, Replica("b", running: 8, waiting: 110, finishRate: 2)));

        route.Choose(new LadderPolicy()).Variant.ShouldBe(1);
        route.Choose(new GreedyPolicy()).Variant.ShouldBe(1);
    }

    [Fact]
    public void A_queue_with_an_unknown_rate_never_rejects() =>
        Route(Variant("p", 1, Replica("a", running: 8, waiting: 100_000))).Choose(new LadderPolicy()).Kind.ShouldBe(ChoiceKind.Chosen);

    [Fact]
    public void Stale_metrics_never_reject() =>
        Route(Variant("p", 1, Replica("a", running: 8, waiting: 100_000, finishRate: 1, observedAt: Now - 6_000)))
            .Choose(new LadderPolicy()).Kind.ShouldBe(ChoiceKind.Chosen);

    [Fact]
    public void A_request_that_would_complete_too_late_because_of_a_queue_is_turned_away_where_the_route_says_so()
    {
        // 40 queued at 1 a second start in 40 s; 1,000 tokens at 30 ms complete 30 s after that, and the hard deadline is 60 s.
        var replica = Replica("a", running: 8, waiting: 40, finishRate: 1);
        var request = Chat with { MaxTokens = null, ExpectedOutputTokens = 1_000 };

        Chooser.Choose(Route(PickRules.Default, Variant("p", 1, replica)), new LadderPolicy(), request, default).Kind.ShouldBe(ChoiceKind.Chosen);
        var choice = Chooser.Choose(Route(Strict, Variant("p", 1, replica)), new LadderPolicy(), request, default);
        (choice.Kind, choice.RetryAfterSeconds).ShouldBe((ChoiceKind.Saturated, 11));
        Chooser.Choose(Route(Strict, Variant("p", 1, replica)), new LadderPolicy(), request with { ExpectedOutputTokens = 100 }, default).Kind.ShouldBe(ChoiceKind.Chosen);
    }

    [Fact]
    public void A_request_that_is_too_long_for_its_deadline_everywhere_is_served_all_the_same() =>
        Chooser.Choose(Route(Strict, Variant("p", 1, Replica("a", running: 8, waiting: 4, finishRate: 1))), new LadderPolicy(), Chat with { MaxTokens = null, ExpectedOutputTokens = 10_000 }, default)
            .Kind.ShouldBe(ChoiceKind.Chosen);

    [Fact]
    public void A_choice_is_always_a_replica_of_a_considered_variant_that_starts_in_time()
    {
        Gen.Select(AnyRoute, AnyPolicy, AnyRequest).Sample((route, policy, request) =>
        {
            var choice = Chooser.Choose(route, policy, request, default);
            var considered = Enumerable.Range(0, route.Variants.Length)
                .Where(v => policy.Considers(route, v) && route.Variants[v].Replicas.Length > 0).ToList();
            var remaining = route.Objective.HardDeadline - request.ElapsedSeconds;
            var startable = considered.Where(v => Outlook(route, v, request).StartDelay <= remaining).ToList();

            return choice.Kind switch
            {
                ChoiceKind.NoReplicaReady => considered.Count == 0 && choice.RetryAfterSeconds > 0,
                ChoiceKind.Saturated => considered.Count > 0 && startable.Count == 0 && choice.RetryAfterSeconds is > 0 and <= Admission.MaxRetrySeconds,
                ChoiceKind.Declined => startable.Count > 0 && policy is PricePolicy && choice.RetryAfterSeconds > 0,
                _ => startable.Contains(choice.Variant) && choice.Replica >= 0 && choice.Replica < route.Variants[choice.Variant].Replicas.Length,
            };
        });
    }

    [Fact]
    public void No_other_replica_of_the_chosen_variant_is_more_welcome_and_the_bound_on_load_holds()
    {
        Gen.Select(AnyRoute, AnyPolicy, AnyRequest).Sample((route, policy, request) =>
        {
            var choice = Chooser.Choose(route, policy, request, default);
            if (choice.Kind != ChoiceKind.Chosen)
                return true;
            var replicas = route.Variants[choice.Variant].Replicas;
            var welcome = replicas.Where(r => r.Load.IsSuspect(request.NowMs) == replicas.All(o => o.Load.IsSuspect(request.NowMs))).ToList();
            var chosen = replicas[choice.Replica];
            return welcome.Contains(chosen)
                && chosen.Outstanding(request.NowMs) + 1 <= (LoadBound.Default.Factor * welcome.Average(r => r.Outstanding(request.NowMs))) + LoadBound.Default.Slack + 0.01;
        });
    }

    [Fact]
    public void A_tried_replica_is_never_taken_while_another_considered_one_could_start_in_time()
    {
        Gen.Select(AnyRoute, AnyPolicy, AnyRequest, Gen.Int[0, 100]).Sample((route, policy, request, pick) =>
        {
            var all = route.Variants.SelectMany((v, i) => v.Replicas.Select(r => (Variant: i, r.Load))).ToList();
            if (all.Count == 0)
                return true;
            var tried = default(TriedReplicas);
            for (var i = 0; i < Math.Min(TriedReplicas.Capacity, all.Count); i++)
                tried.Add(all[(pick + i) % all.Count].Load);

            var choice = Chooser.Choose(route, policy, request, tried);
            if (choice.Kind != ChoiceKind.Chosen || !tried.Contains(route.Variants[choice.Variant].Replicas[choice.Replica].Load))
                return true;
            var remaining = route.Objective.HardDeadline - request.ElapsedSeconds;
            return !Enumerable.Range(0, route.Variants.Length).Any(v =>
                policy.Considers(route, v) && Outlook(route, v, request, tried) is { Replica: >= 0, Reluctance: < 2 } o && o.StartDelay <= remaining);
        });
    }

    [Fact]
    public void A_choice_allocates_nothing()
    {
        var replicas = Enumerable.Range(0, 64).Select(i => Replica($"r{i}", running: i % 7, own: i % 3)).ToArray();
        var route = Route([.. Enumerable.Range(0, 8).Select(v => Variant($"pool-{v}", v / 8.0, replicas))]);
        IPolicy[] policies = [new LadderPolicy(), new GreedyPolicy(), new StaticPolicy("pool-3"), new PricePolicy(1e-4), new RoundRobinPolicy()];
        var tried = default(TriedReplicas);
        tried.Add(replicas[0].Load);

        Allocations.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                foreach (var policy in policies)
                    Chooser.Choose(route, policy, Chat with { Spread = (uint)i }, tried);
            }
        }).ShouldBe(0);
    }

    [Fact]
    public void Resolving_a_task_allocates_nothing_and_an_unknown_task_is_the_default_one()
    {
        var route = RouteSnapshot.Create("r", Objective.Default, ["default", "code"], [new VariantState { Pool = "p", Quality = [0.1, 0.2], Replicas = [] }]);
        route.TaskIndex("code").ShouldBe(1);
        route.TaskIndex("poetry").ShouldBe(0);
        route.TaskIndex(null).ShouldBe(0);

        Allocations.Of(() => route.TaskIndex("code")).ShouldBe(0);
    }

    internal static VariantOutlook Outlook(RouteSnapshot route, int variant, RequestFeatures request, TriedReplicas tried = default)
    {
        var outlooks = new VariantOutlook[route.Variants.Length];
        Chooser.Look(route, request, tried, outlooks);
        return outlooks[variant];
    }
}
