using CsCheck;
using Ops.Api;
using Ops.Planning.Fleet;

namespace Ops.Planning.Tests;

public sealed class FleetPlannerTests
{
    private static readonly DateTimeOffset Start = Fixtures.Now;

    [Fact]
    public void A_quiet_fleet_that_is_as_planned_stays_as_it_is()
    {
        var seen = Fleets.Seen(Fleets.Pool("a", replicas: 1)).Asking(0);
        var first = FleetPlanner.Plan(seen, FleetMemory.Empty);
        var again = FleetPlanner.Plan(Fleets.InForce(seen, first), first.Memory);
        again.Pools["a"].ShouldBe(first.Pools["a"]);
    }

    [Fact]
    public void A_pool_grows_at_once_with_its_demand()
    {
        var plan = FleetPlanner.Plan(Fleets.Seen(Fleets.Pool("a", replicas: 1)).Asking(expected: 20, upper: 30), FleetMemory.Empty);
        // 10 requests/s a replica, planned to be 70 % full.
        plan.Pools["a"].Scale.ShouldBe(5);
        plan.Pools["a"].Plan!.Reason.ShouldBe("ScaledUp");
        plan.Pools["a"].Plan!.Message.ShouldBe("5 replicas at full clock for up to 30 requests/s");
    }

    [Fact]
    public void A_latency_objective_keeps_more_room_and_full_clocks()
    {
        var pool = Fleets.Pool("a", replicas: 1, objective: "latency", mayLowerClock: true);
        var plan = FleetPlanner.Plan(Fleets.Seen(pool).Asking(expected: 20, upper: 30), FleetMemory.Empty);
        plan.Pools["a"].Scale.ShouldBe(5);
        plan.Pools["a"].Plan!.ClockMHz.ShouldBeNull();
    }

    [Fact]
    public void Without_need_for_its_speed_a_pool_runs_at_a_lower_clock()
    {
        var pool = Fleets.Pool("a", replicas: 2, mayLowerClock: true, min: 2, max: 2);
        Fleets.Plan(Fleets.Seen(pool).Asking(4)).Pools["a"].Plan!.ClockMHz.ShouldBe(1000);
        Fleets.Plan(Fleets.Seen(pool).Asking(15)).Pools["a"].Plan!.ClockMHz.ShouldBeNull();
    }

    [Fact]
    public void Quality_comes_first_where_energy_has_no_price_and_energy_where_it_has()
    {
        var (large, small) = (Fleets.Pool("large", replicas: 1, watts: 2), Fleets.Pool("small", replicas: 1));
        var seen = Fleets.Seen(large with { Min = 0 }, small with { Min = 0 });
        Fleets.Plan(seen.Asking(20, ("large", 0.9), ("small", 0.8))).Pools["large"].Scale.ShouldBe(3);
        var dear = Fleets.Plan(seen.Asking(20, 0.01, ("large", 0.9), ("small", 0.8)));
        dear.Pools["small"].Scale.ShouldBe(3);
    }

    [Theory]
    [InlineData(0.9, 3, 0)]
    [InlineData(0.85, 2, 1)]
    [InlineData(0.8, 0, 3)]
    public void Down_to_a_floor_for_the_mean_quality_the_least_energy_decides(double least, int large, int small)
    {
        var seen = Fleets.Seen(Fleets.Pool("large", 3, min: 0, watts: 2), Fleets.Pool("small", 3, min: 0)).Asking(20, ("large", 0.9), ("small", 0.8));
        var fleet = new Fleets.Run(seen with { Routes = [seen.Routes[0] with { LeastQuality = least }] });
        fleet.After(TimeSpan.Zero);
        fleet.After(TimeSpan.FromHours(1), "large").ShouldBe(large);
        fleet.After(TimeSpan.Zero, "small").ShouldBe(small);
    }

    [Fact]
    public void A_smaller_model_takes_what_the_larger_one_cannot()
    {
        var seen = Fleets.Seen(Fleets.Pool("large", replicas: 1, max: 2), Fleets.Pool("small", replicas: 1)).Asking(40, ("large", 0.9), ("small", 0.8));
        var plan = Fleets.Plan(seen);
        plan.Pools["large"].Scale.ShouldBe(2);
        plan.Pools["small"].Scale.ShouldBe(4);
    }

    [Fact]
    public void A_replica_goes_only_after_it_wasted_what_its_next_start_costs()
    {
        // 6000 J a start against 100 W of idling: one minute.
        var fleet = new Fleets.Run(Fleets.Seen(Fleets.Pool("a", replicas: 4)).Asking(4));
        fleet.After(TimeSpan.Zero).ShouldBe(4);
        fleet.After(TimeSpan.FromSeconds(59)).ShouldBe(4);
        fleet.After(TimeSpan.FromSeconds(1)).ShouldBe(1);
    }

    [Fact]
    public void A_demand_that_comes_back_in_between_keeps_the_replicas()
    {
        var fleet = new Fleets.Run(Fleets.Seen(Fleets.Pool("a", replicas: 4)).Asking(4));
        fleet.After(TimeSpan.FromSeconds(50)).ShouldBe(4);
        fleet.Seen = fleet.Seen.Asking(28);
        fleet.After(TimeSpan.FromSeconds(5)).ShouldBe(4);
        fleet.Seen = fleet.Seen.Asking(12);
        fleet.After(TimeSpan.FromSeconds(59)).ShouldBe(4);
        fleet.Seen = fleet.Seen.Asking(4);
        // The most that was wanted in that minute.
        fleet.After(TimeSpan.FromSeconds(60)).ShouldBe(2);
    }

    [Fact]
    public void What_takes_over_has_to_be_ready_before_what_carried_the_load_goes()
    {
        var large = Fleets.Pool("large", replicas: 1) with { Ready = 0 };
        var fleet = new Fleets.Run(Fleets.Seen(large, Fleets.Pool("small", replicas: 3)).Asking(6, ("large", 0.9), ("small", 0.8)));
        fleet.After(TimeSpan.Zero, "small").ShouldBe(3);
        fleet.After(TimeSpan.FromMinutes(30), "small").ShouldBe(3);
        fleet.Seen = fleet.Seen with { Pools = [.. fleet.Seen.Pools.Select(pool => pool with { Ready = 3 })] };
        fleet.After(TimeSpan.FromMinutes(1), "small").ShouldBe(1);
    }

    [Fact]
    public void A_pool_sleeps_when_it_was_idle_for_as_long_as_the_user_says_and_a_held_request_wakes_it()
    {
        var fleet = new Fleets.Run(Fleets.Seen(Fleets.Pool("a", replicas: 1, min: 0) with { RequestsPerSecond = 1 }).Asking(0));
        fleet.After(TimeSpan.FromMinutes(20)).ShouldBe(1);
        fleet.Seen = fleet.Seen with { Pools = [fleet.Seen.Pools[0] with { RequestsPerSecond = 0 }] };
        fleet.After(TimeSpan.Zero).ShouldBe(1);
        fleet.After(TimeSpan.FromMinutes(9.9)).ShouldBe(1);
        fleet.After(TimeSpan.FromMinutes(0.1)).ShouldBe(0);
        fleet.Plan.Reason.ShouldBe("Idle");
        fleet.Seen = fleet.Seen with { Pools = [fleet.Seen.Pools[0] with { Held = 1 }] };
        fleet.After(TimeSpan.Zero).ShouldBe(1);
        fleet.Plan.Reason.ShouldBe("Woken");
    }

    [Fact]
    public void A_pool_that_still_starts_is_not_idle()
    {
        var fleet = new Fleets.Run(Fleets.Seen(Fleets.Pool("a", replicas: 1, min: 0) with { Ready = 0 }).Asking(0));
        fleet.After(TimeSpan.FromMinutes(30)).ShouldBe(1);
        fleet.After(TimeSpan.FromMinutes(30)).ShouldBe(1);
    }

    [Fact]
    public void Warm_replicas_stand_by_within_the_bounds()
    {
        Fleets.Plan(Fleets.Seen(Fleets.Pool("a", replicas: 1) with { Warm = 2 }).Asking(4)).Pools["a"].Scale.ShouldBe(3);
        Fleets.Plan(Fleets.Seen(Fleets.Pool("a", replicas: 1, max: 2) with { Warm = 2 }).Asking(4)).Pools["a"].Scale.ShouldBe(2);
    }

    [Fact]
    public void A_pool_of_unknown_hardware_keeps_its_replicas_and_says_so()
    {
        var plan = Fleets.Plan(Fleets.Seen(Fleets.Pool("a", replicas: 3) with { Levels = [] }).Asking(100));
        plan.Pools["a"].Scale.ShouldBe(3);
        plan.Pools["a"].Plan!.Reason.ShouldBe("NoProfile");
    }

    [Fact]
    public void A_fixed_pool_without_energy_settings_is_nobodys_business() =>
        Fleets.Plan(Fleets.Seen(Fleets.Pool("a", replicas: 3, objective: "fixed")).Asking(100)).Pools["a"].ShouldBe(new PoolTarget { ScaleFrom = 3 });

    [Fact]
    public void Replicas_stay_within_their_bounds_whatever_happens() => Fleets.Any.Sample(seen =>
    {
        var plan = Fleets.Plan(seen);
        foreach (var pool in seen.Pools)
        {
            if (plan.Pools[pool.Key].Scale is { } scale)
            {
                scale.ShouldBeLessThanOrEqualTo(pool.Max, pool.Key);
                scale.ShouldBeGreaterThanOrEqualTo(pool.Min, pool.Key);
            }
        }
    });

    [Fact]
    public void A_plan_in_force_is_planned_again() => Fleets.Any.Sample(seen =>
    {
        var first = FleetPlanner.Plan(seen, FleetMemory.Empty);
        // The moves that others waited for come in the second round.
        var second = FleetPlanner.Plan(Fleets.InForce(seen, first), first.Memory);
        var settled = Fleets.InForce(seen, second);
        var third = FleetPlanner.Plan(settled, second.Memory);
        foreach (var pool in seen.Pools)
            third.Pools[pool.Key].ShouldBe(second.Pools[pool.Key], pool.Key);
    });

    [Fact]
    public void The_plan_is_the_same_in_whatever_order_the_fleet_is_seen() => Fleets.Any.Sample(seen =>
    {
        var turned = seen with { Pools = [.. seen.Pools.Reverse()], Routes = [.. seen.Routes.Reverse()] };
        var (one, other) = (Fleets.Plan(seen), Fleets.Plan(turned));
        foreach (var (key, target) in one.Pools)
            other.Pools[key].ShouldBe(target);
    });
}
