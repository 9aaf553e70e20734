using CsCheck;
using Ops.PowerAgent.Gpus;

namespace Ops.PowerAgent.Tests;

public sealed class PowerPlannerTests
{
    private static readonly Dictionary<string, PowerStep> Nothing = [];

    [Fact]
    public void A_GPU_gets_what_is_asked_once()
    {
        var gpu = H100("a");
        var wishes = new Dictionary<string, PowerWish> { ["a"] = new(1200, 500) };

        var step = PowerPlanner.Plan([gpu], wishes, Nothing).ShouldHaveSingleItem();

        (step.ClockMHz, step.PowerLimitWatts, step.GivesBack, step.Why).ShouldBe((1200, 500, false, "1200 MHz and 500 W"));
        PowerPlanner.Plan([After(gpu, step)], wishes, Made(step)).ShouldBeEmpty();
    }

    [Fact]
    public void What_is_beyond_the_GPU_is_cut_and_said()
    {
        var step = PowerPlanner.Plan([H100("a")], new Dictionary<string, PowerWish> { ["a"] = new(5000, 50) }, Nothing).ShouldHaveSingleItem();

        (step.ClockMHz, step.PowerLimitWatts).ShouldBe((1980, 200));
        step.Why.ShouldBe("1980 MHz and 200 W: 5000 MHz asked, 210 to 1980 possible, 50 W asked, 200 to 700 possible");
    }

    [Fact]
    public void A_limit_that_somebody_else_changed_is_set_again()
    {
        var wishes = new Dictionary<string, PowerWish> { ["a"] = new(null, 500) };
        var step = PowerPlanner.Plan([H100("a")], wishes, Nothing).ShouldHaveSingleItem();

        PowerPlanner.Plan([After(H100("a"), step) with { PowerLimitWatts = 600 }], wishes, Made(step)).ShouldBe([step]);
    }

    [Fact]
    public void A_GPU_of_which_nothing_is_asked_is_left_alone_until_it_was_set_and_then_given_back()
    {
        var free = new Dictionary<string, PowerWish>();
        PowerPlanner.Plan([H100("a") with { PowerLimitWatts = 350 }], free, Nothing).ShouldBeEmpty();

        var made = new PowerStep("a", 1200, 500, GivesBack: false, "");
        var back = PowerPlanner.Plan([After(H100("a"), made)], free, Made(made)).ShouldHaveSingleItem();

        (back.ClockMHz, back.PowerLimitWatts, back.GivesBack).ShouldBe((null, 700, true));
        PowerPlanner.Restore([After(H100("a"), made), H100("b")], Made(made)).ShouldBe([back]);
    }

    [Fact]
    public void Every_step_is_legal_and_the_second_look_finds_nothing_to_do() =>
        Gen.Select(Gen.Int[0, 3000].Nullable(), Gen.Int[0, 1500].Nullable(), Gen.Int[100, 700], Gen.Bool).Sample((clock, watts, limit, tells) =>
        {
            var gpu = H100("a") with { PowerLimitWatts = limit, TellsLock = tells };
            var wishes = new Dictionary<string, PowerWish> { ["a"] = new(clock, watts) };
            foreach (var step in PowerPlanner.Plan([gpu], wishes, Nothing))
            {
                if (step.ClockMHz is { } mhz)
                    mhz.ShouldBeInRange(gpu.Range.MinClockMHz, gpu.Range.MaxClockMHz);
                step.PowerLimitWatts.ShouldBeInRange(gpu.Range.MinPowerLimitWatts, gpu.Range.MaxPowerLimitWatts);
                PowerPlanner.Plan([After(gpu, step)], wishes, Made(step)).ShouldBeEmpty();
            }
        });

    private static Gpu H100(string id) => new()
    {
        Id = id,
        Product = "H100",
        Range = new(210, 1980, 200, 700, 700),
        TellsLock = true,
        PowerLimitWatts = 700,
        ClockMHz = 1980,
        Watts = 100,
        Joules = 1,
    };

    private static Gpu After(Gpu gpu, PowerStep step) => gpu with { LockedClockMHz = gpu.TellsLock ? step.ClockMHz : null, PowerLimitWatts = step.PowerLimitWatts };

    private static Dictionary<string, PowerStep> Made(PowerStep step) => new() { [step.Id] = step };
}
