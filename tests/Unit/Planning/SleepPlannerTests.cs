using CsCheck;
using Ops.Planning.Pools;

namespace Ops.Planning.Tests;

/// <summary>Which engines sleep, and that no request meets one that does.</summary>
public sealed class SleepPlannerTests
{
    private const int Most = 1000;

    [Fact]
    public void One_that_is_to_sleep_is_taken_from_the_routers_first_and_waited_for()
    {
        var marked = Plan([Awake("a"), Awake("b", inFlight: 2)], awake: 1, []);
        marked.Sleeping.ShouldBe(["b"]);
        marked.ToSleep.ShouldBeEmpty();
        // It still answers.
        Plan([Awake("a"), Awake("b", inFlight: 1)], awake: 1, ["b"], quiet: ["b"]).ToSleep.ShouldBeEmpty();
        // One round without anything to do may be too early: a router may not know yet.
        var quiet = Plan([Awake("a"), Awake("b")], awake: 1, ["b"]);
        quiet.ToSleep.ShouldBeEmpty();
        Plan([Awake("a"), Awake("b")], awake: 1, ["b"], [.. quiet.Quiet]).ToSleep.ShouldBe(["b"]);
    }

    [Fact]
    public void One_that_is_woken_goes_back_to_the_routers_when_it_says_that_it_is_awake()
    {
        var plan = Plan([Awake("a"), Asleep("b")], awake: 2, ["b"]);
        plan.ToWake.ShouldBe(["b"]);
        plan.Sleeping.ShouldBe(["b"]);
        Plan([Awake("a"), new("b", null, null)], awake: 2, ["b"]).Sleeping.ShouldBe(["b"]);
        Plan([Awake("a"), Awake("b")], awake: 2, ["b"]).Sleeping.ShouldBeEmpty();
    }

    [Fact]
    public void One_that_a_router_woke_serves_rather_than_another()
    {
        var plan = Plan([Asleep("a"), Awake("b", inFlight: 1)], awake: 1, ["a", "b"]);
        plan.Sleeping.ShouldBe(["a"]);
        plan.ToWake.ShouldBeEmpty();
    }

    [Fact]
    public void One_of_which_nothing_is_heard_is_not_put_to_sleep() =>
        Plan([Awake("a"), new("b", null, 0), new("c", false, null)], awake: 1, ["b", "c"], ["b", "c"]).ToSleep.ShouldBeEmpty();

    [Fact]
    public void Only_so_many_sleep_as_a_status_can_name() =>
        SleepPlanner.Plan([Awake("a"), Awake("b"), Awake("c")], 0, new HashSet<string>(), new HashSet<string>(), most: 2).Sleeping.ShouldBe(["b", "c"]);

    [Fact]
    public void Whatever_happens_as_many_serve_as_can_and_nobody_sleeps_unmarked() =>
        Gen.Int[1, 1_000_000].Sample(seed =>
        {
            var random = new Random(seed);
            var engines = Enumerable.Range(0, random.Next(1, 6)).Select(i => random.Next(4) switch
            {
                0 => Asleep($"e{i}"),
                1 => new SleeperView($"e{i}", null, null),
                _ => Awake($"e{i}", random.Next(2)),
            }).ToList();
            var marked = engines.Where(_ => random.Next(2) == 0).Select(engine => engine.Name).ToHashSet();
            var awake = random.Next(engines.Count + 2);
            var plan = SleepPlanner.Plan(engines, awake, marked, engines.Select(engine => engine.Name).ToHashSet(), Most);
            plan.ToSleep.ShouldBeSubsetOf(marked);
            plan.ToSleep.ShouldBeSubsetOf(plan.Sleeping);
            plan.ToWake.ShouldBeSubsetOf(plan.Sleeping);
            // Routers keep at least what is wanted of those that serve, and get nobody who sleeps.
            engines.Where(engine => engine.Asleep == true).Select(engine => engine.Name).ShouldBeSubsetOf(plan.Sleeping);
            var serve = engines.Count(engine => engine.Asleep == false);
            (engines.Count - plan.Sleeping.Count).ShouldBeGreaterThanOrEqualTo(Math.Min(awake, serve) - engines.Count(engine => engine.Asleep is null));
        });

    private static SleepPlan Plan(IReadOnlyList<SleeperView> engines, int awake, string[] marked, params string[] quiet) =>
        SleepPlanner.Plan(engines, awake, marked.ToHashSet(), quiet.ToHashSet(), Most);

    private static SleeperView Awake(string name, double inFlight = 0) => new(name, false, inFlight);

    private static SleeperView Asleep(string name) => new(name, true, 0);
}
