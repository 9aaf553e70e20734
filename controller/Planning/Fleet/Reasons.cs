using Ops.Api;

namespace Ops.Planning.Fleet;

/// <summary>Decisions as people and agents read them.</summary>
internal static class Reasons
{
    /// <summary>The target of a pool. What did not change keeps the words with which it last did, so that a status stays still.</summary>
    public static PoolTarget Target(Decision decision, DemandOutlook load)
    {
        var pool = decision.Pool;
        var level = pool.Levels.Count > 0 ? pool.Levels[decision.Level] : null;
        var (clock, limit) = (level?.ClockMHz, level?.PowerLimitWatts);
        if (pool.Objective == ScalingObjectives.Fixed && !pool.Sleeps && !pool.AsksForPower && decision.Budget is null)
            return new() { ScaleFrom = pool.Replicas };
        var (reason, message) = Words(decision, load, clock, limit);
        var plan = new PoolPlanStatus
        {
            Replicas = decision.Pods, Awake = pool.Sleeps ? decision.Running : null, ClockMHz = clock, PowerLimitWatts = limit, Reason = reason, Message = message, Budget = decision.Budget,
        };
        return new()
        {
            Scale = pool.Objective == ScalingObjectives.Fixed ? null : pool.Sleeps ? decision.Pods : decision.Replicas,
            ScaleFrom = pool.Replicas,
            Plan = pool.Previous is { } before && before with { Reason = reason, Message = message } == plan ? before : plan,
        };
    }

    private static (string Reason, string Message) Words(Decision decision, DemandOutlook load, int? clock, int? limit)
    {
        var pool = decision.Pool;
        if (decision.Budget is { } budget)
            return (PlanReasons.BudgetLimit, $"EnergyBudget {budget} allows {Replicas(decision.Running)}{Awake(pool)} at {Power(clock, limit)}; the load asks for {Replicas(decision.Replicas)}{Awake(pool)} at {PowerOf(pool, decision.WantedLevel)}");
        if (pool.Sleeps)
            return Sleepers(decision, load, clock, limit);
        if (pool.Levels.Count == 0)
            return (PlanReasons.NoProfile, "no timing and energy profile for this model on this GPU: the number of replicas stays, apart from waking and idling, and clocks stay the hardware's own");
        var need = $"{Replicas(decision.Replicas)} at {Power(clock, limit)} for up to {Steady.TwoDigits(load.Upper)} requests/s";
        var before = pool.Previous?.Replicas ?? pool.Replicas;
        if (decision.Replicas > before)
            return before == 0 ? (PlanReasons.Woken, need) : (PlanReasons.ScaledUp, need);
        if (decision.Replicas < before)
            return load.Upper > 0 ? (PlanReasons.ScaledDown, need) : (PlanReasons.Idle, $"{Replicas(decision.Replicas)}: no request for a while");
        return pool.Previous is { } plan && (plan.ClockMHz != clock || plan.PowerLimitWatts != limit) ? (PlanReasons.ClockChanged, need) : (PlanReasons.Steady, need);
    }

    private static (string Reason, string Message) Sleepers(Decision decision, DemandOutlook load, int? clock, int? limit)
    {
        var pool = decision.Pool;
        var speed = pool.Levels.Count == 0 ? "" : $" at {Power(clock, limit)} for up to {Steady.TwoDigits(load.Upper)} requests/s";
        var need = $"{Replicas(decision.Replicas)} of {decision.Pods} awake{speed}";
        var before = pool.Previous?.Awake ?? pool.Replicas;
        if (decision.Replicas > before)
            return (pool.Replicas < decision.Pods ? PlanReasons.ScaledUp : PlanReasons.Woken, need);
        if (decision.Replicas < before)
            return load.Upper > 0 ? (PlanReasons.FellAsleep, need) : (PlanReasons.Idle, $"{Replicas(decision.Replicas)} of {decision.Pods} awake: no request for a while");
        return pool.Previous is { } plan && (plan.ClockMHz != clock || plan.PowerLimitWatts != limit) ? (PlanReasons.ClockChanged, need) : (PlanReasons.Steady, need);
    }

    private static string Awake(PoolState pool) => pool.Sleeps ? " awake" : "";

    private static string Replicas(int count) => count == 1 ? "1 replica" : $"{count} replicas";

    private static string PowerOf(PoolState pool, int level) => Power(pool.Levels[level].ClockMHz, pool.Levels[level].PowerLimitWatts);

    private static string Power(int? clock, int? limit) => (clock, limit) switch
    {
        (null, null) => "full clock",
        ({ } mhz, null) => $"{mhz} MHz",
        (null, { } watts) => $"{watts} W a GPU",
        ({ } mhz, { } watts) => $"{mhz} MHz and {watts} W a GPU",
    };
}
