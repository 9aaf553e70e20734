using Ops.Api;
using Ops.Planning.Budgets;
using Ops.Planning.Fleet;

namespace Ops.Planning.Tests;

public sealed class BudgetStatusPlannerTests
{
    private static readonly BudgetOutcome Held = new()
    {
        Name = "cap", AllocatedWatts = 1900, IdleWatts = 400, ObservedWatts = 812, Pools = 2, Limited = ["default/bronze"], Unknown = [],
    };

    [Fact]
    public void A_budget_that_holds_pools_back_is_ready_and_limited() =>
        Golden.ShouldMatch("budget-limited", Status(2000, Held));

    [Theory]
    [InlineData(2000, 1900, 400, "True", "WithinBudget", "False")]
    [InlineData(1000, 1200, 400, "False", "CannotHold", "True")]
    [InlineData(300, 900, 400, "False", "BelowIdlePower", "True")]
    [InlineData(300, 250, 400, "True", "BelowIdlePower", "True")]
    public void The_conditions_say_whether_the_cap_holds_and_what_is_in_force_instead(
        int watts, double allocated, double idle, string ready, string reason, string degraded)
    {
        var status = Status(watts, Held with { AllocatedWatts = allocated, IdleWatts = idle });
        var found = Conditions.Find(status.Conditions, "Ready")!;
        (found.Status, found.Reason).ShouldBe((ready, reason));
        Conditions.Find(status.Conditions, "Degraded")!.Status.ShouldBe(degraded);
        if (degraded == "True")
            found.Message.ShouldContain("in force");
    }

    [Fact]
    public void A_suspended_budget_limits_nothing_and_says_so()
    {
        var status = BudgetStatusPlanner.Plan(Budget(2000, suspend: true), null, [], Fixtures.Now);
        Conditions.Find(status.Conditions, "Ready")!.Reason.ShouldBe("Suspended");
        status.Pools.ShouldBe(0);
    }

    [Fact]
    public void Labels_that_no_pool_has_are_pointed_out() =>
        Conditions.Find(Status(2000, Held with { Pools = 0, Limited = [], ObservedWatts = null }).Conditions, "Degraded")!.Reason.ShouldBe("NoPools");

    [Fact]
    public void What_is_shown_is_not_shown_anew()
    {
        var status = Status(2000, Held);
        BudgetStatusPlanner.WouldShowAnew(status, Held).ShouldBeFalse();
        BudgetStatusPlanner.WouldShowAnew(status, Held with { ObservedWatts = 830 }).ShouldBeFalse();
        BudgetStatusPlanner.WouldShowAnew(status, Held with { Limited = ["default/gold"] }).ShouldBeTrue();
        BudgetStatusPlanner.WouldShowAnew(null, Held).ShouldBeTrue();
    }

    private static EnergyBudgetStatus Status(int watts, BudgetOutcome outcome) => BudgetStatusPlanner.Plan(
        Budget(watts), outcome, outcome.Limited.Count == 0 ? [] : [new() { Namespace = "default", Name = "bronze", Replicas = 2, ClockMHz = 990, PowerLimitWatts = 450 }], Fixtures.Now);

    private static EnergyBudget Budget(int watts, bool suspend = false) => new()
    {
        Metadata = new() { Name = "cap", Generation = 3 },
        Spec = new() { Watts = watts, Suspend = suspend },
    };
}
