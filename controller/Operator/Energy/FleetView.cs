using Ops.Api;
using Ops.Kube;
using Ops.Operator.Fleet;
using Ops.Operator.Scraping;
using Ops.Planning;
using Ops.Planning.Fleet;
using Ops.Planning.Pools;
using Ops.Profiles;

namespace Ops.Operator.Energy;

/// <summary>Caches and numbers -> what the planner sees. Holds the forecasts, one a route; used by one loop only.</summary>
internal sealed class FleetView(FleetCaches caches, FleetNumbers numbers, SleepKeeper sleep, TimeProvider time)
{
    // A simulated server loads for a second; a real one reads tens of gigabytes and captures its graphs.
    private static readonly TimeSpan SimulatedStart = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RealStart = TimeSpan.FromMinutes(3);

    // Where no profile is known.
    private static readonly double IdleWatts = GpuProduct.H100.IdleWatts;

    private readonly Dictionary<ObjectKey, RouteHistory> histories = [];

    /// <summary>The fleet as it is now; takes the newest numbers into the forecasts.</summary>
    public FleetObservation Look()
    {
        var now = time.GetUtcNow();
        var routes = caches.Routes.List().Where(route => route.Metadata.DeletionTimestamp is null && !route.Spec.Suspend).ToList();
        foreach (var gone in histories.Keys.Except(routes.Select(route => ObjectKey.Of(route))).ToList())
            histories.Remove(gone);
        var demands = routes.Select(route => Demand(route, now)).ToList();
        // A guest has no GPUs of its own to plan: its host counts it in. How many of its engines are awake may be planned.
        var valid = caches.Pools.List().Where(pool => pool.Metadata.DeletionTimestamp is null && !pool.Spec.Suspend && !ModelPoolRules.Broken(pool).Any()).ToList();
        var pools = valid.Where(pool => pool.Spec.CoResident is null).ToList();
        return new()
        {
            Pools = [.. pools.Select(State), .. valid.Where(pool => pool.Spec.CoResident is not null && pool.Spec.EffectiveScaling.Sleeps).Select(Guest)],
            Routes = demands,
            Budgets = [.. caches.Budgets.List()
                .Where(budget => budget.Metadata.DeletionTimestamp is null && !budget.Spec.Suspend)
                .OrderBy(budget => budget.Metadata.Name, StringComparer.Ordinal)
                .Select(budget => Budget(budget, pools))],
            Now = now,
        };
    }

    private RouteDemand Demand(ModelRoute route, DateTimeOffset now)
    {
        var key = ObjectKey.Of(route);
        if (!histories.TryGetValue(key, out var history))
            histories[key] = history = new(StartOf(route));
        if (numbers.OfRoute(key) is { RequestsPerSecond: { } rate } seen)
            history.Take(now, rate, seen);
        // Requests are answered by the other pools; a prefill pool's replicas are the user's to count.
        var variants = route.Spec.Variants
            .Where(variant => caches.Pools.Get(FleetCaches.Key(route, variant.Pool))?.Spec.EffectiveRole != PoolRoles.Prefill)
            .Select(variant => new VariantChoice(FleetCaches.Key(route, variant.Pool).ToString(), variant.QualityFor(WellKnown.DefaultTask)))
            .ToList();
        var policy = route.Spec.EffectivePolicy;
        return new(
            key.ToString(),
            history.Forecast.Outlook(),
            variants,
            policy.WeighsEnergy ? policy.EffectiveEnergyWeight : 0,
            policy.EffectiveQualityFloor < 1 ? policy.EffectiveQualityFloor * variants.Select(variant => variant.Quality).DefaultIfEmpty().Max() : null);
    }

    private TimeSpan StartOf(ModelRoute route) => route.Spec.Variants
        .Select(variant => caches.Pools.Get(FleetCaches.Key(route, variant.Pool)))
        .Select(pool => StartOf(pool?.Spec))
        .Max();

    private static TimeSpan StartOf(ModelPoolSpec? pool) => pool?.Engine.Type == EngineTypes.Simulated ? SimulatedStart : RealStart;

    private PoolState State(ModelPool pool)
    {
        var key = ObjectKey.Of(pool);
        var scaling = pool.Spec.EffectiveScaling;
        var seen = numbers.OfPool(key);
        // A level's most is the limit of the boards, whoever computes on them, so guests count in what is measured only.
        var guests = caches.GuestsByHost[key.ToString()].Where(guest => caches.Shared(guest).Problem is null);
        var levels = PowerLevels.Of(pool.Spec, Shape(key));
        var start = StartOf(pool.Spec);
        var profile = ServingProfiles.Find(pool.Spec.Model, pool.Spec.Gpu.Product, pool.Spec.Gpu.EffectiveCount);
        return new()
        {
            Key = key.ToString(),
            Objective = scaling.EffectiveObjective,
            Min = scaling.EffectiveMin,
            Max = scaling.Max ?? pool.Spec.EffectiveReplicas,
            Warm = scaling.Warm ?? 0,
            IdleAfter = scaling.EffectiveIdleAfter,
            Replicas = pool.Spec.EffectiveReplicas,
            Sleeps = scaling.Sleeps,
            Asleep = sleep.AsleepOf(key),
            SleepWatts = pool.Spec.Gpu.EffectiveCount * (profile?.Gpu.SleepWatts ?? IdleWatts),
            Existing = caches.PodsByPool[key.ToString()].Count(pod => pod.Status?.Phase is "Pending" or "Running"),
            Ready = Math.Max(0, (pool.Status?.ReadyReplicas ?? 0) - (pool.Status?.Sleeping?.Count ?? 0)),
            Levels = levels,
            MayLowerClock = pool.Spec.Energy?.EffectiveMode == EnergyModes.Auto,
            AsksForPower = pool.Spec.Energy is not null,
            Start = Start(scaling.Sleeps && profile is not null ? TimeSpan.FromSeconds(profile.WakeSeconds) : start, levels.Count > 0 ? levels[0].IdleWatts : IdleWatts * pool.Spec.Gpu.EffectiveCount),
            RequestsPerSecond = seen?.RequestsPerSecond ?? 0,
            InFlight = seen?.InFlight ?? 0,
            Held = numbers.HeldFor(key),
            Watts = Sum(guests.Select(guest => numbers.OfPool(ObjectKey.Of(guest))?.Watts).Prepend(seen?.Watts)),
            Previous = pool.Status?.Plan,
        };
    }

    // A model on the GPUs of another pool, an engine counting as a replica. What it draws is its host's.
    private PoolState Guest(ModelPool pool)
    {
        var state = State(pool);
        var shared = caches.Shared(pool);
        var engines = shared is { Host: { } host, Problem: null } ? CoResidence.EnginesByPod(pool, host) : 0;
        return state with
        {
            Replicas = engines * (shared.Host?.Spec.EffectiveReplicas ?? 0),
            Existing = engines * caches.PodsByPool[FleetCaches.HostKey(pool).ToString()].Count(pod => pod.Status?.Phase is "Pending" or "Running"),
            Ready = Math.Max(0, (engines * (pool.Status?.ReadyReplicas ?? 0)) - (pool.Status?.Sleeping?.Count ?? 0)),
            SleepWatts = 0,
        };
    }

    private static double? Sum(IEnumerable<double?> watts)
    {
        double? sum = null;
        foreach (var one in watts)
            sum = one is null ? sum : (sum ?? 0) + one;
        return sum;
    }

    private static StartCost Start(TimeSpan duration, double watts) => new(duration, duration.TotalSeconds * watts);

    // The busiest route sets the mean request, the strictest one the objective.
    private RequestShape Shape(ObjectKey pool)
    {
        var routes = caches.RoutesByPool[pool.ToString()].Where(route => histories.ContainsKey(ObjectKey.Of(route))).ToList();
        if (routes.Count == 0)
            return RequestShape.Unknown;
        var busiest = routes.Select(route => histories[ObjectKey.Of(route)]).MaxBy(history => history.Forecast.Outlook().Expected)!;
        return new(
            busiest.PromptTokens,
            busiest.OutputTokens,
            routes.Min(route => route.Spec.EffectiveObjective.EffectiveTimeToFirstToken.TotalSeconds),
            routes.Min(route => route.Spec.EffectiveObjective.EffectiveTimePerOutputToken.TotalSeconds));
    }

    private static BudgetState Budget(EnergyBudget budget, List<ModelPool> pools) => new(
        budget.Metadata.Name,
        budget.Spec.Watts,
        pools.Where(pool => budget.Spec.Selects(pool.Metadata.Labels))
            .ToDictionary(pool => ObjectKey.Of(pool).ToString(), pool => budget.Spec.PriorityOf(pool.Metadata.Labels)));

    /// <summary>What was asked of a route so far.</summary>
    private sealed class RouteHistory(TimeSpan horizon)
    {
        public DemandForecast Forecast { get; } = new(horizon);

        /// <summary>Mean prompt tokens; moves only by more than a tenth, so that plans do not follow its noise.</summary>
        public double PromptTokens { get; private set; } = RequestShape.Unknown.PromptTokens;

        /// <summary>Mean output tokens, in the same way.</summary>
        public double OutputTokens { get; private set; } = RequestShape.Unknown.OutputTokens;

        public void Take(DateTimeOffset now, double rate, Planning.Routes.RouteNumbers seen)
        {
            Forecast.Observe(now, rate);
            if (seen is not { PromptTokens: > 0 and var prompt, OutputTokens: > 0 and var output })
                return;
            PromptTokens = Steady.Number(PromptTokens, prompt)!.Value;
            OutputTokens = Steady.Number(OutputTokens, output)!.Value;
        }
    }
}
