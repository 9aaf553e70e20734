using CsCheck;
using Ops.Planning.Fleet;

namespace Ops.Planning.Tests;

public sealed class BudgetPlannerTests
{
    [Fact]
    public void A_budget_that_is_enough_limits_nothing()
    {
        var plan = Fleets.Plan(Two(watts: 2400));
        plan.Budgets[0].Limited.ShouldBeEmpty();
        plan.Budgets[0].AllocatedWatts.ShouldBe(2400);
        plan.Pools["gold"].Plan!.Budget.ShouldBeNull();
    }

    [Fact]
    public void Clocks_go_down_before_replicas_and_the_lower_priority_first()
    {
        // Full clock is 600 W a replica, the lowest 250 W: 2 x 600 for gold and 2 x 350 for bronze.
        var plan = Fleets.Plan(Two(watts: 2000));
        plan.Pools["gold"].Plan!.Budget.ShouldBeNull();
        plan.Pools["bronze"].Plan!.ClockMHz.ShouldBe(1000);
        plan.Pools["bronze"].Plan!.Replicas.ShouldBe(2);
        plan.Pools["bronze"].Plan!.Reason.ShouldBe("BudgetLimit");
        plan.Pools["bronze"].Plan!.Message.ShouldBe("EnergyBudget cap allows 2 replicas at 1000 MHz and 350 W a GPU; the load asks for 2 replicas at full clock");
        plan.Budgets[0].Limited.ShouldBe(["bronze"]);
        plan.Budgets[0].AllocatedWatts.ShouldBe(1900);
    }

    [Fact]
    public void Equal_priorities_share_evenly()
    {
        var plan = Fleets.Plan(Two(watts: 1600) with { Budgets = [new("cap", 1600, new Dictionary<string, int> { ["gold"] = 0, ["bronze"] = 0 })] });
        plan.Pools["gold"].Plan!.ClockMHz.ShouldBe(1000);
        plan.Pools["bronze"].Plan!.ClockMHz.ShouldBe(1500);
    }

    [Fact]
    public void Replicas_go_only_when_the_lowest_levels_do_not_fit_and_spec_replicas_stays_what_the_load_asks_for()
    {
        var plan = Fleets.Plan(Two(watts: 800));
        plan.Pools["bronze"].Plan!.Replicas.ShouldBe(1);
        plan.Pools["bronze"].Scale.ShouldBe(2);
        plan.Pools["gold"].Plan!.Replicas.ShouldBe(2);
        plan.Budgets[0].AllocatedWatts.ShouldBe(750);
    }

    [Fact]
    public void The_costliest_model_gives_first_and_the_last_replica_of_the_cheapest_stays()
    {
        var seen = Fleets.Seen(Fleets.Pool("large", 2, min: 2, watts: 2), Fleets.Pool("small", 2, min: 2)).Asking(10, ("large", 0.9), ("small", 0.8));
        seen = seen with { Budgets = [new("cap", 20, new Dictionary<string, int> { ["large"] = 0, ["small"] = 0 })] };
        var plan = Fleets.Plan(seen);
        plan.Pools["large"].Plan!.Replicas.ShouldBe(0);
        plan.Pools["small"].Plan!.Replicas.ShouldBe(1);
        // The truth, so that the condition can say that the cap does not hold.
        plan.Budgets[0].AllocatedWatts.ShouldBe(250);
        plan.Budgets[0].IdleWatts.ShouldBe(600);
    }

    [Fact]
    public void A_fixed_pool_is_held_back_too()
    {
        var seen = Fleets.Seen(Fleets.Pool("a", 2, objective: "fixed")).Asking(1) with { Budgets = [new("cap", 800, new Dictionary<string, int> { ["a"] = 0 })] };
        var target = Fleets.Plan(seen).Pools["a"];
        target.Scale.ShouldBeNull();
        target.Plan!.ClockMHz.ShouldBe(1000);
        target.Plan.Replicas.ShouldBe(2);
    }

    [Fact]
    public void A_pool_of_unknown_power_counts_as_measured()
    {
        var seen = Two(watts: 2000);
        seen = seen with { Pools = [seen.Pools[0] with { Levels = [], Watts = 900 }, seen.Pools[1]] };
        var outcome = Fleets.Plan(seen).Budgets[0];
        outcome.Unknown.ShouldBe(["gold"]);
        outcome.AllocatedWatts.ShouldBe(900 + (2 * 450));
    }

    [Fact]
    public void No_cap_is_exceeded_as_long_as_one_replica_a_route_fits() => Fleets.Any.Sample(seen =>
    {
        var plan = Fleets.Plan(seen);
        foreach (var (budget, outcome) in seen.Budgets.Zip(plan.Budgets))
        {
            var known = seen.Pools.Where(pool => budget.Priorities.ContainsKey(pool.Key) && pool.Levels.Count > 0).ToList();
            // Later budgets lower further, so what is drawn in the end is at most what this one allocated.
            var peak = known.Sum(pool => Peak(pool, plan));
            var kept = known.Sum(pool => pool.Levels[^1].PeakWatts + Asleep(pool, plan));
            var unknown = seen.Pools.Where(pool => budget.Priorities.ContainsKey(pool.Key) && pool.Levels.Count == 0).Sum(pool => pool.Watts ?? 0);
            peak.ShouldBeLessThanOrEqualTo(Math.Max(budget.Watts - unknown, kept) + 1e-6);
        }
    });

    private static double Peak(PoolState pool, FleetPlan plan)
    {
        if (plan.Pools[pool.Key].Plan is not { } status)
            return pool.Replicas * pool.Levels[0].PeakWatts;
        return ((status.Awake ?? status.Replicas) * pool.Levels.Single(level => level.Is(status.ClockMHz, status.PowerLimitWatts)).PeakWatts) + Asleep(pool, plan);
    }

    private static double Asleep(PoolState pool, FleetPlan plan) => plan.Pools[pool.Key].Plan is { Awake: { } awake } status ? (status.Replicas - awake) * pool.SleepWatts : 0;

    private static FleetObservation Two(int watts) =>
        Fleets.Seen(Fleets.Pool("gold", 2, min: 2, max: 2), Fleets.Pool("bronze", 2, min: 2, max: 2)).Asking(20) with
        {
            Budgets = [new("cap", watts, new Dictionary<string, int> { ["gold"] = 10, ["bronze"] = 0 })],
        };
}
