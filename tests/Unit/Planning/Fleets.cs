using CsCheck;
using Ops.Api;
using Ops.Planning.Fleet;

namespace Ops.Planning.Tests;

/// <summary>Fleets to plan: a replica serves 10 requests/s with 500 W, idles at 100 W, and needs 60 s and 6 kJ to start.</summary>
internal static class Fleets
{
    /// <summary>Some fleet of one to three pools, one or two routes and perhaps a budget.</summary>
    public static readonly Gen<FleetObservation> Any =
        from seed in Gen.Int[1, 1_000_000]
        select Random(new Random(seed));

    public static PoolState Pool(
        string key, int replicas, string objective = "energy", int min = 1, int max = 8, bool mayLowerClock = false, double watts = 1) => new()
        {
            Key = key,
            Objective = objective,
            Min = min,
            Max = max,
            Replicas = replicas,
            Existing = replicas,
            Ready = replicas,
            MayLowerClock = mayLowerClock,
            AsksForPower = mayLowerClock,
            Start = new(TimeSpan.FromMinutes(1), 6000 * watts),
            Levels =
            [
                Level(null, null, 10, 100 * watts, 500 * watts, 600 * watts),
                Level(1500, 450, 9, 100 * watts, 420 * watts, 450 * watts),
                Level(1000, 350, 7, 100 * watts, 330 * watts, 350 * watts),
                Level(400, 250, 3, 100 * watts, 240 * watts, 250 * watts) with { ForBudgetsOnly = true },
            ],
        };

    public static FleetObservation Seen(params PoolState[] pools) => new() { Pools = pools, Routes = [], Now = Fixtures.Now };

    /// <summary>One route over all pools, those with one quality each.</summary>
    public static FleetObservation Asking(this FleetObservation seen, double expected, double? upper = null) =>
        seen with { Routes = [new("route", new(expected, upper ?? expected), [.. seen.Pools.Select(pool => new VariantChoice(pool.Key, 0.8))])] };

    public static FleetObservation Asking(this FleetObservation seen, double expected, params (string Pool, double Quality)[] variants) =>
        seen.Asking(expected, 0, variants);

    public static FleetObservation Asking(this FleetObservation seen, double expected, double qualityPerJoule, params (string Pool, double Quality)[] variants) =>
        seen with { Routes = [new("route", new(expected, expected), [.. variants.Select(variant => new VariantChoice(variant.Pool, variant.Quality))], qualityPerJoule)] };

    public static FleetPlan Plan(FleetObservation seen) => FleetPlanner.Plan(seen, FleetMemory.Empty);

    /// <summary>The fleet after everybody did what the plan says.</summary>
    public static FleetObservation InForce(FleetObservation seen, FleetPlan plan) => seen with
    {
        Pools = [.. seen.Pools.Select(pool =>
        {
            var target = plan.Pools[pool.Key];
            var replicas = target.Scale ?? pool.Replicas;
            var running = target.Plan?.Replicas ?? replicas;
            var awake = target.Plan?.Awake ?? running;
            return pool with { Replicas = replicas, Existing = running, Ready = awake, Asleep = pool.Sleeps ? running - awake : 0, Previous = target.Plan };
        })],
    };

    private static PowerLevel Level(int? clock, int? limit, double capacity, double idle, double full, double peak) => new()
    {
        ClockMHz = clock,
        PowerLimitWatts = limit,
        PeakWatts = peak,
        Points = [new(0, idle), new(capacity / 10, idle + ((full - idle) / 2)), new(capacity, full)],
    };

    private static FleetObservation Random(Random random)
    {
        var pools = Enumerable.Range(0, random.Next(1, 4)).Select(i =>
        {
            var min = random.Next(3);
            var max = Math.Max(1, min + random.Next(4));
            var objective = random.Next(4) switch { 0 => "fixed", 1 => "latency", _ => "energy" };
            var replicas = random.Next(min, max + 1);
            return Pool($"p{i}", replicas, objective, min, max, random.Next(2) == 0, 1 + random.Next(3)) with
            {
                Levels = random.Next(8) == 0 ? [] : Pool("x", 1, watts: 1 + random.Next(3)).Levels,
                Held = random.Next(5) == 0 ? 1 : 0,
                Warm = random.Next(2),
                Watts = random.Next(2) == 0 ? replicas * 120 : null,
                RequestsPerSecond = random.Next(3) * 5,
                Sleeps = random.Next(3) == 0,
                SleepWatts = random.Next(3) * 35,
            };
        }).ToArray();
        var routes = Enumerable.Range(0, random.Next(1, 3)).Select(i =>
        {
            var expected = random.NextDouble() * 40;
            return new RouteDemand(
                $"r{i}",
                new(expected, expected * (1 + random.NextDouble())),
                [.. pools.Where(_ => random.Next(3) > 0).Select(pool => new VariantChoice(pool.Key, random.NextDouble()))],
                random.Next(2) * 0.001);
        }).ToArray();
        var budgets = Enumerable.Range(0, random.Next(3)).Select(i => new BudgetState(
            $"b{i}", random.Next(50, 6000), pools.Where(_ => random.Next(3) > 0).ToDictionary(pool => pool.Key, _ => random.Next(3)))).ToArray();
        return new() { Pools = pools, Routes = routes, Budgets = budgets, Now = Fixtures.Now };
    }

    /// <summary>A fleet over time: every plan is put in force at once.</summary>
    internal sealed class Run(FleetObservation seen)
    {
        private FleetMemory memory = FleetMemory.Empty;
        private FleetPlan? plan;

        public FleetObservation Seen { get; set; } = seen;

        /// <summary>The last plan of the only pool.</summary>
        public PoolPlanStatus Plan => plan!.Pools.Values.Single().Plan!;

        /// <summary>Lets time pass, plans, and gives the replicas of a pool.</summary>
        public int After(TimeSpan time, string? pool = null)
        {
            Seen = Seen with { Now = Seen.Now + time };
            plan = FleetPlanner.Plan(Seen, memory);
            memory = plan.Memory;
            var ready = Seen.Pools.ToDictionary(one => one.Key, one => one.Ready);
            Seen = InForce(Seen, plan);
            Seen = Seen with { Pools = [.. Seen.Pools.Select(one => ready[one.Key] == 0 && one.Replicas > 0 && one.Held == 0 ? one with { Ready = 0 } : one)] };
            return plan.Pools[pool ?? Seen.Pools[0].Key].Scale!.Value;
        }
    }
}
