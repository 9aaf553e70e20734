using Ops.Api;
using Ops.Planning.Fleet;

namespace Ops.Planning.Tests;

/// <summary>Replicas that sleep where others would go: how many are awake, what they draw, and what a status says.</summary>
public sealed class SleepTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_pool_whose_replicas_sleep_keeps_its_pods_and_says_how_many_are_awake()
    {
        var run = new Fleets.Run(Fleets.Seen(Sleeper("a", replicas: 4)).Asking(expected: 20));
        run.After(Minute).ShouldBe(4);
        run.After(Minute).ShouldBe(4);
        (run.Plan.Awake, run.Plan.Reason).ShouldBe((3, "FellAsleep"));
        run.Plan.Message.ShouldBe("3 replicas of 4 awake at full clock for up to 20 requests/s");
        run.Seen = run.Seen.Asking(expected: 5);
        // Not before it has been enough for a while.
        run.After(TimeSpan.Zero);
        run.Plan.Awake.ShouldBe(3);
        run.After(Minute);
        run.After(Minute).ShouldBe(4);
        (run.Plan.Awake, run.Plan.Replicas).ShouldBe((1, 4));
        run.Seen = run.Seen.Asking(expected: 20);
        run.After(TimeSpan.FromSeconds(15));
        (run.Plan.Awake, run.Plan.Reason).ShouldBe((3, "Woken"));
    }

    [Fact]
    public void More_load_than_those_that_sleep_can_take_asks_for_more_pods()
    {
        var plan = Fleets.Plan(Fleets.Seen(Sleeper("a", replicas: 2)).Asking(expected: 40)).Pools["a"];
        (plan.Scale, plan.Plan!.Awake, plan.Plan.Reason).ShouldBe((6, 6, "ScaledUp"));
    }

    [Fact]
    public void With_a_fixed_number_of_pods_the_planner_still_says_who_is_awake()
    {
        var seen = Fleets.Seen(Sleeper("a", replicas: 4, objective: "fixed")).Asking(expected: 10);
        var first = FleetPlanner.Plan(seen, FleetMemory.Empty);
        var second = FleetPlanner.Plan(Later(Fleets.InForce(seen, first), Minute), first.Memory);
        second.Pools["a"].Scale.ShouldBeNull();
        (second.Pools["a"].Plan!.Replicas, second.Pools["a"].Plan!.Awake).ShouldBe((4, 2));
        Fleets.Plan(seen.Asking(expected: 400)).Pools["a"].Plan!.Awake.ShouldBe(4);
    }

    [Fact]
    public void A_pool_of_which_nothing_is_known_sleeps_whole_and_wakes_whole()
    {
        var guest = Sleeper("a", replicas: 2, objective: "fixed") with { Levels = [], Min = 0, IdleAfter = TimeSpan.FromMinutes(5) };
        var seen = Fleets.Seen(guest with { RequestsPerSecond = 1 });
        var (memory, now) = (FleetMemory.Empty, seen);
        int Awake(TimeSpan later, double rate)
        {
            now = Later(now, later) with { Pools = [now.Pools[0] with { RequestsPerSecond = rate }] };
            var plan = FleetPlanner.Plan(now, memory);
            (memory, now) = (plan.Memory, Fleets.InForce(now, plan));
            return plan.Pools["a"].Plan!.Awake!.Value;
        }

        Awake(Minute, rate: 1).ShouldBe(2);
        Awake(Minute, rate: 0).ShouldBe(2);
        Awake(TimeSpan.FromMinutes(4), rate: 0).ShouldBe(2);
        Awake(Minute, rate: 0).ShouldBe(0);
        Awake(Minute, rate: 0).ShouldBe(0);
        // A planner that begins anew, without memory, wakes nobody.
        memory = FleetMemory.Empty;
        Awake(Minute, rate: 0).ShouldBe(0);
        Awake(Minute, rate: 0.1).ShouldBe(2);
    }

    [Fact]
    public void A_held_request_wakes_one()
    {
        var asleep = Sleeper("a", replicas: 3) with { Min = 0, Held = 1, Ready = 0, Asleep = 3, Previous = new() { Replicas = 3, Awake = 0 } };
        var plan = Fleets.Plan(Fleets.Seen(asleep)).Pools["a"].Plan!;
        (plan.Awake, plan.Reason).ShouldBe((1, "Woken"));
    }

    [Fact]
    public void A_budget_puts_to_sleep_what_it_does_not_allow_and_counts_what_sleepers_draw()
    {
        // One of 600 W and three of 70 W; a second awake would be 1,340 W at full clock and 640 W at the least.
        var seen = Fleets.Seen(Sleeper("a", replicas: 4)).Asking(expected: 30) with { Budgets = [new("cap", 600, new Dictionary<string, int> { ["a"] = 1 })] };
        var plan = FleetPlanner.Plan(seen, FleetMemory.Empty);
        var status = plan.Pools["a"].Plan!;
        (status.Replicas, status.Awake, status.Budget).ShouldBe((4, 1, "cap"));
        plan.Budgets[0].AllocatedWatts.ShouldBe(350 + (3 * 70));
        status.Message.ShouldStartWith("EnergyBudget cap allows 1 replica awake");
    }

    [Fact]
    public void Whoever_has_not_fallen_asleep_yet_still_counts_in_full()
    {
        var seen = Fleets.Seen(Sleeper("a", replicas: 4) with { Asleep = 1, Previous = new() { Replicas = 4, Awake = 1 } }).Asking(expected: 1)
            with { Budgets = [new("cap", 5000, new Dictionary<string, int> { ["a"] = 1 })] };
        FleetPlanner.Plan(seen, FleetMemory.Empty).Budgets[0].AllocatedWatts.ShouldBe((3 * 600) + 70);
    }

    [Fact]
    public void A_smaller_model_that_sleeps_is_woken_when_the_large_one_cannot_serve_all()
    {
        // As a guest beside its host: both of a fixed number, quality first.
        var host = Fleets.Pool("host", replicas: 1, objective: "fixed", watts: 2);
        var guest = Sleeper("guest", replicas: 2, objective: "fixed") with { Min = 0, SleepWatts = 0, Previous = new() { Replicas = 2, Awake = 0 }, Ready = 0, Asleep = 2 };
        (string, double)[] variants = [("host", 0.9), ("guest", 0.7)];
        Fleets.Plan(Fleets.Seen(host, guest).Asking(5, variants)).Pools["guest"].Plan!.Awake.ShouldBe(0);
        Fleets.Plan(Fleets.Seen(host, guest).Asking(14, variants)).Pools["guest"].Plan!.Awake.ShouldBe(1);
    }

    private static PoolState Sleeper(string key, int replicas, string objective = ScalingObjectives.Energy) =>
        Fleets.Pool(key, replicas, objective) with { Sleeps = true, SleepWatts = 70, Start = new(TimeSpan.FromSeconds(1), 100) };

    private static FleetObservation Later(FleetObservation seen, TimeSpan time) => seen with { Now = seen.Now + time };
}
