using k8s;
using Ops.Api;
using Ops.Planning.Routes;

namespace Ops.Planning.Tests;

public sealed class RouteStatusPlannerTests
{
    [Fact]
    public void A_route_with_all_pools_ready_serves()
    {
        var seen = Seen(Fixtures.Route("small", "large"), Fixtures.Ready("small", 2), Fixtures.Ready("large", 1));
        Golden.ShouldMatch("route-serving", RouteStatusPlanner.Plan(seen with
        {
            Numbers = new()
            {
                RequestsPerSecond = 12.34, Availability = 0.99876, MeanQuality = 0.7654, JoulesPerRequest = 123.4,
                Shares = new Dictionary<string, double> { ["small"] = 0.75, ["large"] = 0.25 },
            },
        }));
    }

    [Fact]
    public void A_missing_pool_is_named()
    {
        var status = RouteStatusPlanner.Plan(Seen(Fixtures.Route("small", "large"), Fixtures.Ready("small", 2)));
        ExpectCondition(status, "Ready", true, "Serving", "1 of 2 variants ready");
        ExpectCondition(status, "Degraded", true, "PoolNotFound", "no ModelPool named large in namespace default; create it or remove it from spec.variants");
        status.Policy.ShouldBe(new PolicyStatus { Type = "price", Reason = "set by spec.policy; only small is ready, so it takes every request" });
    }

    [Fact]
    public void A_pool_without_a_ready_replica_degrades_the_route_and_none_at_all_stops_it()
    {
        var one = RouteStatusPlanner.Plan(Seen(Fixtures.Route("small", "large"), Fixtures.Ready("small", 2), Fixtures.Ready("large", 0)));
        ExpectCondition(one, "Ready", true, "Serving");
        ExpectCondition(one, "Degraded", true, "PoolNotReady", "no ready replica in large");

        var none = RouteStatusPlanner.Plan(Seen(Fixtures.Route("small"), Fixtures.Ready("small", 0)));
        ExpectCondition(none, "Ready", false, "NoReadyVariant");
    }

    [Fact]
    public void A_pool_that_only_reads_prompts_answers_nothing()
    {
        var reader = Fixtures.Ready("reader", 2);
        reader.Spec = reader.Spec with { Role = PoolRoles.Prefill };
        ExpectCondition(RouteStatusPlanner.Plan(Seen(Fixtures.Route("reader", "large"), reader, Fixtures.Ready("large", 0))), "Ready", false, "NoReadyVariant");

        var both = RouteStatusPlanner.Plan(Seen(Fixtures.Route("reader", "large"), reader, Fixtures.Ready("large", 1)));
        ExpectCondition(both, "Ready", true, "Serving", "1 of 2 variants ready");
        both.Policy!.Reason.ShouldBe("set by spec.policy; only large is ready, so it takes every request");
    }

    [Fact]
    public void A_pool_on_its_way_up_needs_nobody_until_it_is_in_trouble()
    {
        var starting = Fixtures.Ready("large", 0);
        starting.Status = starting.Status! with { Conditions = Conditions.Merge(null, [new("Progressing", true, "WaitingForReplicas", "")], 1, Fixtures.Now) };
        ExpectCondition(RouteStatusPlanner.Plan(Seen(Fixtures.Route("small", "large"), Fixtures.Ready("small", 1), starting)), "Degraded", false, "PoolsStarting", "waiting for the first replica of large");

        starting.Status = starting.Status with { Conditions = Conditions.Merge(null, [new("Progressing", true, "", ""), new("Degraded", true, "Unschedulable", "")], 1, Fixtures.Now) };
        ExpectCondition(RouteStatusPlanner.Plan(Seen(Fixtures.Route("small", "large"), Fixtures.Ready("small", 1), starting)), "Degraded", true, "PoolNotReady");

        starting.Status = null;
        ExpectCondition(RouteStatusPlanner.Plan(Seen(Fixtures.Route("large"), starting)), "Degraded", false, "PoolsStarting");
    }

    [Fact]
    public void A_static_policy_depends_on_its_one_pool()
    {
        var route = Fixtures.Route("small", "large");
        route.Spec = route.Spec with { Policy = new() { Type = "static", StaticPool = "large" } };
        var status = RouteStatusPlanner.Plan(Seen(route, Fixtures.Ready("small", 2), Fixtures.Ready("large", 0)));
        ExpectCondition(status, "Ready", false, "StaticPoolNotReady");
        status.Policy.ShouldBe(new PolicyStatus { Type = "static", Reason = "spec.policy sends every request to large" });
    }

    [Fact]
    public void A_price_on_energy_names_the_pools_whose_energy_nobody_measured()
    {
        var route = Fixtures.Route("small", "large");
        route.Spec = route.Spec with { Policy = new() { Type = "price", EnergyWeight = 1e-4 } };
        var seen = Seen(route, Fixtures.Ready("small", 2), Fixtures.Ready("large", 1)) with { WithoutProfile = new HashSet<string> { "large" } };
        RouteStatusPlanner.Plan(seen).Policy.ShouldBe(new PolicyStatus
        {
            Type = "price",
            Reason = "set by spec.policy; chooses among 2 ready variants; energy counts 0 for large: no energy profile of its model on its GPUs",
        });

        route.Spec = route.Spec with { Policy = new() { Type = "price" } };
        RouteStatusPlanner.Plan(seen).Policy!.Reason.ShouldNotContain("energy");
    }

    [Fact]
    public void A_suspended_route_is_not_ready()
    {
        var route = Fixtures.Route("small");
        route.Spec = route.Spec with { Suspend = true };
        ExpectCondition(RouteStatusPlanner.Plan(Seen(route, Fixtures.Ready("small", 2))), "Ready", false, "Suspended");
    }

    [Fact]
    public void A_second_route_for_the_same_model_says_which_one_answers()
    {
        var winner = Fixtures.Route("small");
        winner.Metadata.Name = "first";
        var status = RouteStatusPlanner.Plan(Seen(Fixtures.Route("small"), Fixtures.Ready("small", 1)) with { Winner = winner });
        ExpectCondition(status, "Ready", false, "DuplicateModel");
        ExpectCondition(status, "Degraded", true, "DuplicateModel");
        status.Conditions![1].Message.ShouldContain("default/first");
    }

    [Theory]
    [MemberData(nameof(BrokenSpecs))]
    public void Broken_rules_are_reported_also_where_the_server_knows_none(ModelRouteSpec spec, string named)
    {
        var route = Fixtures.Route("small");
        route.Spec = spec with { Variants = spec.Variants.Count > 0 ? spec.Variants : route.Spec.Variants };
        var status = RouteStatusPlanner.Plan(Seen(route, Fixtures.Ready("small", 1)));
        ExpectCondition(status, "Ready", false, "InvalidSpec");
        Conditions.Find(status.Conditions, "Degraded")!.Message.ShouldContain(named);
    }

    public static TheoryData<ModelRouteSpec, string> BrokenSpecs() => new()
    {
        { new() { Policy = new() { Type = "static" } }, "spec.policy.staticPool" },
        { new() { Policy = new() { Type = "static", StaticPool = "other" } }, "spec.policy.staticPool" },
        { new() { Objective = new() { EndToEnd = "2m" } }, "hardDeadline" },
        { new() { Objective = new() { TimeToFirstToken = "40s" } }, "timeToFirstToken" },
        { new() { Objective = new() { TimePerOutputToken = "0s" } }, "timePerOutputToken" },
        { new() { Timeouts = new() { Idle = "0ms" } }, "spec.timeouts" },
        { new() { Variants = [new() { Pool = "small", Quality = new Dictionary<string, double> { ["code"] = 1 } }] }, "\"default\"" },
    };

    [Fact]
    public void A_status_that_is_shown_is_shown_again_unchanged_later()
    {
        var seen = Seen(Fixtures.Route("small", "large"), Fixtures.Ready("small", 2)) with
        {
            Numbers = new() { RequestsPerSecond = 3.21, Availability = 1, Shares = new Dictionary<string, double> { ["small"] = 1, ["large"] = 0 } },
        };
        var first = RouteStatusPlanner.Plan(seen);
        seen.Route.Status = first;
        KubernetesJson.Serialize(RouteStatusPlanner.Plan(seen with { Now = seen.Now.AddHours(1) })).ShouldBe(KubernetesJson.Serialize(first));
        RouteStatusPlanner.WouldShowAnew(first, seen.Numbers).ShouldBeFalse();
        RouteStatusPlanner.WouldShowAnew(first, null).ShouldBeFalse();
        RouteStatusPlanner.WouldShowAnew(first, seen.Numbers! with { RequestsPerSecond = 4 }).ShouldBeTrue();
    }

    [Fact]
    public void A_learned_policy_is_in_force_when_the_routers_say_so()
    {
        var seen = Seen(Learned(), Fixtures.Ready("small", 2), Fixtures.Ready("large", 1));
        RouteStatusPlanner.Plan(seen).Policy.ShouldBe(new PolicyStatus { Type = "price", Reason = "no router has reported on policy chat-policy yet" });

        var status = RouteStatusPlanner.Plan(seen with { Learned = new("learned", "InForce", "policy chat-policy decides") });
        status.Policy.ShouldBe(new PolicyStatus { Type = "learned", Reason = "policy chat-policy decides" });
        ExpectCondition(status, "Degraded", false, "AsExpected");
    }

    [Theory]
    [InlineData("Shadow", false)]
    [InlineData("OutsideTraining", true)]
    [InlineData("NoFreshMetrics", true)]
    [InlineData("RolledBack", true)]
    [InlineData("Unusable", true)]
    public void A_learned_policy_that_is_not_followed_is_named_and_one_that_should_be_degrades_the_route(string standing, bool degraded)
    {
        var seen = Seen(Learned(), Fixtures.Ready("small", 2), Fixtures.Ready("large", 1)) with { Learned = new("price", standing, "the price rule decides: so it is") };
        var status = RouteStatusPlanner.Plan(seen);

        status.Policy.ShouldBe(new PolicyStatus { Type = "price", Reason = "the price rule decides: so it is" });
        ExpectCondition(status, "Degraded", degraded, degraded ? "Policy" + standing : "AsExpected");
        RouteStatusPlanner.WouldShowAnew(status, null, seen.Learned).ShouldBeFalse();
        RouteStatusPlanner.WouldShowAnew(status, null, seen.Learned with { Message = "otherwise" }).ShouldBeTrue();
    }

    [Fact]
    public void Of_several_routers_the_one_furthest_from_the_learned_policy_is_shown() =>
        PolicyReport.Worst([new("learned", "InForce", ""), new("price", "RolledBack", "here"), new("price", "Shadow", "")])
            .ShouldBe(new("price", "RolledBack", "here"));

    private static ModelRoute Learned()
    {
        var route = Fixtures.Route("small", "large");
        route.Spec = route.Spec with { Policy = new() { Type = "learned", PolicyRef = "chat-policy" } };
        return route;
    }

    private static RouteObservation Seen(ModelRoute route, params ModelPool[] pools) => new()
    {
        Route = route, Pools = pools.ToDictionary(pool => pool.Metadata.Name), Now = Fixtures.Now,
    };

    private static void ExpectCondition(ModelRouteStatus status, string type, bool isTrue, string reason, string? message = null)
    {
        var condition = Conditions.Find(status.Conditions, type)!;
        (condition.Status, condition.Reason).ShouldBe((isTrue ? "True" : "False", reason), condition.Message);
        if (message is not null)
            condition.Message.ShouldBe(message);
    }
}
