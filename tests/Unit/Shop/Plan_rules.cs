using Ops.Sandbox.ShopPlan;

namespace Ops.Sandbox.Shop.Tests;

/// <summary>The shop as data: it is whole, and every fault fits where it says that it fits.</summary>
public sealed class Plan_rules
{
    public static TheoryData<string, string> FaultTargets =>
        [.. ShopPlan.Faults.All.Where(fault => fault.Name != ShopPlan.Faults.Surge).SelectMany(fault => fault.Targets.Select(target => new TheoryDataRow<string, string>(fault.Name, target)))];

    [Fact]
    public void Every_call_finds_its_operation()
    {
        foreach (var service in ShopPlan.Shop.Services)
            foreach (var call in service.Steps.OfType<Call>())
                ShopPlan.Shop.Find(call.Service).ShouldNotBeNull($"{service.Name} calls {call.Service}")
                    .Operations.ShouldContain(operation => operation.Name == call.Operation, $"{service.Name} calls {call.Service} {call.Operation}");
    }

    [Fact]
    public void Callers_stand_before_their_callees_so_no_call_comes_back()
    {
        var order = ShopPlan.Shop.Services.Select((service, place) => (service.Name, place)).ToDictionary(pair => pair.Name, pair => pair.place);

        foreach (var (caller, callee) in ShopPlan.Shop.Calls.Where(call => call.Caller != ShopPlan.Shop.Load))
            order[callee].ShouldBeGreaterThan(order[caller], $"{caller} calls {callee}");
    }

    [Fact]
    public void What_users_do_exists_and_adds_up()
    {
        ShopPlan.Shop.Habits.Sum(habit => habit.Share).ShouldBe(1, 1e-9);
        foreach (var (operation, _) in ShopPlan.Shop.Habits)
            ShopPlan.Shop.Find(ShopPlan.Shop.Entry)!.Operations.ShouldContain(one => one.Name == operation);
        Users.UserLoad.Choose(0).ShouldBe(ShopPlan.Shop.Habits[0].Operation);
        Users.UserLoad.Choose(0.999999).ShouldBe(ShopPlan.Shop.Habits[^1].Operation);
    }

    [Theory]
    [MemberData(nameof(FaultTargets))]
    public void A_fault_acts_on_something_that_its_target_has(string fault, string target)
    {
        var service = ShopPlan.Shop.Find(target).ShouldNotBeNull();

        switch (fault)
        {
            case "slow-disk":
                service.Has<Write>().ShouldBeTrue();
                break;
            case "lock-contention":
                service.Has<Locked>().ShouldBeTrue();
                break;
            case "cache-loss":
                service.Has<Cached>().ShouldBeTrue();
                break;
            case "pool-exhaustion" or "retry-storm":
                service.Callees.ShouldNotBeEmpty();
                break;
            case "noisy-neighbour":
                service.Job.ShouldNotBeNull();
                break;
        }
    }
}
