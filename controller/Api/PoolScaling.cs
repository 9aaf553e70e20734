using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>What the number of replicas is chosen for.</summary>
public static class ScalingObjectives
{
    /// <summary>Nobody but the user, kubectl scale or an autoscaler of the user's changes spec.replicas.</summary>
    public const string Fixed = "fixed";

    /// <summary>Enough replicas at full clock to keep the routes' objectives with room for bursts.</summary>
    public const string Latency = "latency";

    /// <summary>The least energy that still keeps the routes' objectives.</summary>
    public const string Energy = "energy";
}

/// <summary>What becomes of replicas that the load does not need.</summary>
public static class IdleModes
{
    /// <summary>Their pods end.</summary>
    public const string Stop = "stop";

    /// <summary>Their weights sleep in host memory.</summary>
    public const string Sleep = "sleep";
}

/// <summary>Who decides the number of replicas, and between which bounds.</summary>
/// <remarks>
/// The planner writes spec.replicas as a horizontal autoscaler would, so kubectl scale takes effect at once and the
/// planner moves on from there. An autoscaler of one's own needs objective fixed, or the two would argue.
/// </remarks>
[CelRule(ModelPoolRules.ScalingMaxRule, ModelPoolRules.ScalingMaxMessage)]
[CelRule(ModelPoolRules.ScalingOrderRule, ModelPoolRules.ScalingOrderMessage)]
public sealed record ScalingSpec
{
    /// <summary>Default of min.</summary>
    public const int DefaultMin = 1;

    internal const string DefaultIdleAfter = "10m";

    internal const string DefaultIdle = IdleModes.Stop;

    /// <summary>fixed, latency or energy. Default fixed: spec.replicas is what runs, and min, max, warm and idleAfter have no effect unless idle is sleep.</summary>
    [AllowedValues(ScalingObjectives.Fixed, ScalingObjectives.Latency, ScalingObjectives.Energy)]
    [DefaultValue(ScalingObjectives.Fixed)]
    public string? Objective { get; init; }

    /// <summary>Fewest replicas. Default 1; with 0 a request that is held in the router wakes the pool.</summary>
    [Range(0, 1000)]
    [DefaultValue(DefaultMin)]
    public int? Min { get; init; }

    /// <summary>Most replicas; required for latency and energy.</summary>
    [Range(1, 1000)]
    public int? Max { get; init; }

    /// <summary>A pool without a request for so long goes down to min. Go duration string. Default 10m.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultIdleAfter)]
    public string? IdleAfter { get; init; }

    /// <summary>
    /// What becomes of replicas that the load does not need: stop ends their pods; sleep keeps the pods and their GPUs and moves
    /// the weights to host memory (vLLM's sleep mode, level 1), from where they are back in a second or a few. With sleep the
    /// planner decides how many of spec.replicas are awake, at least min, with objective fixed too. A request that finds all
    /// asleep wakes one and is held meanwhile. Engines of type vllm run with --enable-sleep-mode and VLLM_SERVER_DEV_MODE=1 then,
    /// whose pages must be reachable by routers and the operator only, and need host memory for the weights. Default stop.
    /// </summary>
    [AllowedValues(IdleModes.Stop, IdleModes.Sleep)]
    [DefaultValue(DefaultIdle)]
    public string? Idle { get; init; }

    /// <summary>Replicas kept ready beyond what the load needs, within max. Default 0.</summary>
    [Range(0, 100)]
    [DefaultValue(0)]
    public int? Warm { get; init; }

    /// <summary>Objective with the default filled in.</summary>
    [JsonIgnore]
    public string EffectiveObjective => Objective ?? ScalingObjectives.Fixed;

    /// <summary>Whether replicas that the load does not need sleep instead of going.</summary>
    [JsonIgnore]
    public bool Sleeps => Idle == IdleModes.Sleep;

    /// <summary>Min with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveMin => Min ?? DefaultMin;

    /// <summary>IdleAfter with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveIdleAfter => GoDuration.ParseOrDefault(IdleAfter, DefaultIdleAfter);
}

/// <summary>Who sets clock and power limit.</summary>
public static class EnergyModes
{
    /// <summary>The spec's own numbers.</summary>
    public const string Fixed = "fixed";

    /// <summary>The planner, not above the spec's numbers.</summary>
    public const string Auto = "auto";
}

/// <summary>Limits applied to every GPU of the pool.</summary>
[CelRule(ModelPoolRules.EnergyEmptyRule, ModelPoolRules.EnergyEmptyMessage)]
public sealed record EnergySpec
{
    /// <summary>fixed: clockMHz and powerLimitWatts as written. auto: the planner chooses, not above them. Default fixed.</summary>
    [AllowedValues(EnergyModes.Fixed, EnergyModes.Auto)]
    [DefaultValue(EnergyModes.Fixed)]
    public string? Mode { get; init; }

    /// <summary>Locked SM clock in MHz; with mode auto the highest that may be chosen.</summary>
    [Range(100, 4000)]
    public int? ClockMHz { get; init; }

    /// <summary>Power limit of one GPU in watts; with mode auto the highest that may be chosen.</summary>
    [Range(50, 2000)]
    public int? PowerLimitWatts { get; init; }

    /// <summary>Mode with the default filled in.</summary>
    [JsonIgnore]
    public string EffectiveMode => Mode ?? EnergyModes.Fixed;
}

/// <summary>Reasons of a pool's plan.</summary>
public static class PlanReasons
{
    /// <summary>As it was.</summary>
    public const string Steady = "Steady";

    /// <summary>More replicas for more load.</summary>
    public const string ScaledUp = "ScaledUp";

    /// <summary>Fewer replicas for less load.</summary>
    public const string ScaledDown = "ScaledDown";

    /// <summary>Up from none, or more replicas awake.</summary>
    public const string Woken = "Woken";

    /// <summary>Fewer replicas awake for less load.</summary>
    public const string FellAsleep = "FellAsleep";

    /// <summary>Down because nobody asked for as long as scaling.idleAfter.</summary>
    public const string Idle = "Idle";

    /// <summary>The same replicas at another clock.</summary>
    public const string ClockChanged = "ClockChanged";

    /// <summary>Held back by an EnergyBudget.</summary>
    public const string BudgetLimit = "BudgetLimit";

    /// <summary>Nothing is known about the model on this GPU.</summary>
    public const string NoProfile = "NoProfile";
}

/// <summary>What the fleet's plan asks of a pool. Whether clock and limit are in force says the condition EnergyLimited.</summary>
public sealed record PoolPlanStatus
{
    /// <summary>Replicas that may run. Below spec.replicas only where an energy budget does not allow more.</summary>
    public int Replicas { get; init; }

    /// <summary>Replicas of them that are to be awake, the others asleep; engines, for a pool with spec.coResident. Absent where spec.scaling.idle is not sleep.</summary>
    public int? Awake { get; init; }

    /// <summary>SM clock asked of every GPU in MHz; absent means the hardware's own.</summary>
    public int? ClockMHz { get; init; }

    /// <summary>Power limit asked of every GPU in watts; absent means the hardware's own.</summary>
    public int? PowerLimitWatts { get; init; }

    /// <summary>One CamelCase word: Steady, ScaledUp, ScaledDown, Woken, FellAsleep, Idle, ClockChanged, BudgetLimit, NoProfile.</summary>
    [MaxLength(64)]
    public string Reason { get; init; } = "";

    /// <summary>Why, in a sentence, as it was when the plan last changed.</summary>
    [MaxLength(1024)]
    public string Message { get; init; } = "";

    /// <summary>The EnergyBudget that holds the pool below what its load asks for; absent where none does.</summary>
    [MaxLength(253)]
    public string? Budget { get; init; }
}
