using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>
/// What a person wants of Deployments or StatefulSets, as a number that is measured: a goal that is missed for long enough is repaired like a
/// fault, by the same actions and through the same checks. A goal that cannot be measured moves nothing.
/// </summary>
[CelRule(HealingGoalRules.PercentRule, HealingGoalRules.PercentMessage)]
[CelRule(HealingGoalRules.BelowRule, HealingGoalRules.BelowMessage)]
[CelRule(HealingGoalRules.ReplicasRule, HealingGoalRules.ReplicasMessage)]
[CelRule(HealingGoalRules.AutoscaleRule, HealingGoalRules.AutoscaleMessage)]
[CelRule(HealingGoalRules.RangeRule, HealingGoalRules.RangeMessage)]
[CelRule(HealingGoalRules.CombineRule, HealingGoalRules.CombineMessage)]
public sealed record HealingGoal
{
    /// <summary>Default of settle.</summary>
    public const string DefaultSettle = "30s";

    /// <summary>Default of cooldown.</summary>
    public const string DefaultCooldown = "2m";

    /// <summary>Most targets of a goal.</summary>
    public const int MaxTargets = 16;

    /// <summary>Its name, one of its own in the policy.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(63)]
    public string Name { get; init; } = "";

    /// <summary>
    /// ready: every pod is ready. cpu, memory: use by all pods of a target in percent of their limits. meanLatency, p99Latency:
    /// duration of the requests that a target answers. replicas: pods that a target asks for. autoscale: as few pods of min to
    /// max as keep the processor below percentOfLimit, or the 99th percentile of latency below below.
    /// </summary>
    [Required]
    [AllowedValues(GoalTypes.Ready, GoalTypes.Cpu, GoalTypes.Memory, GoalTypes.MeanLatency, GoalTypes.P99Latency, GoalTypes.Replicas, GoalTypes.Autoscale)]
    public string Type { get; init; } = "";

    /// <summary>Kind of all targets: Deployment or StatefulSet. Default Deployment.</summary>
    [AllowedValues(GoalKinds.Deployment, GoalKinds.StatefulSet)]
    [DefaultValue(GoalKinds.Deployment)]
    public string Kind { get; init; } = GoalKinds.Deployment;

    /// <summary>Names of Deployments, or of what kind says, in the policy's namespace.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(MaxTargets)]
    [Items(MaxLength = 253)]
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Limit of cpu and memory, in percent of the containers' own limits; of autoscale, of the processor's.</summary>
    [Range(1, 100)]
    public int? PercentOfLimit { get; init; }

    /// <summary>Limit of meanLatency and p99Latency, above 0s; of autoscale, of the 99th percentile.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    public string? Below { get; init; }

    /// <summary>Pods that each target of a goal of type replicas has.</summary>
    [Range(1, 100)]
    public int? Replicas { get; init; }

    /// <summary>Fewest pods that a target is scaled to for the goal. Default 1.</summary>
    [Range(1, 100)]
    public int? Min { get; init; }

    /// <summary>Most pods that a target is scaled to for the goal. Default: it is not scaled. Required by autoscale.</summary>
    [Range(1, 100)]
    public int? Max { get; init; }

    /// <summary>each: every target by itself. sum: the latencies of all targets together. Default each.</summary>
    [AllowedValues(GoalCombinations.Each, GoalCombinations.Sum)]
    [DefaultValue(GoalCombinations.Each)]
    public string Combine { get; init; } = GoalCombinations.Each;

    /// <summary>How long the goal has to be missed before it counts as violated. Default 30s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultSettle)]
    public string? Settle { get; init; }

    /// <summary>How long after a plan for one of its targets ended the next one waits. Default 2m.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultCooldown)]
    public string? Cooldown { get; init; }

    /// <summary>settle with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveSettle => GoDuration.ParseOrDefault(Settle, DefaultSettle);

    /// <summary>cooldown with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveCooldown => GoDuration.ParseOrDefault(Cooldown, DefaultCooldown);

    /// <summary>min with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveMin => Min ?? 1;
}

/// <summary>Values of a goal's type.</summary>
public static class GoalTypes
{
    /// <summary>Every pod is ready.</summary>
    public const string Ready = "ready";

    /// <summary>Processor use in percent of the limit.</summary>
    public const string Cpu = "cpu";

    /// <summary>Memory use in percent of the limit.</summary>
    public const string Memory = "memory";

    /// <summary>Mean duration of requests.</summary>
    public const string MeanLatency = "meanLatency";

    /// <summary>99th percentile of the duration of requests.</summary>
    public const string P99Latency = "p99Latency";

    /// <summary>A number of pods.</summary>
    public const string Replicas = "replicas";

    /// <summary>As few pods as serve.</summary>
    public const string Autoscale = "autoscale";
}

/// <summary>Values of a goal's kind.</summary>
public static class GoalKinds
{
    /// <summary>Deployments.</summary>
    public const string Deployment = "Deployment";

    /// <summary>StatefulSets: scaled, rolled back and made anew one pod after the other, where their update strategy does that by itself.</summary>
    public const string StatefulSet = "StatefulSet";
}

/// <summary>Values of a goal's combine.</summary>
public static class GoalCombinations
{
    /// <summary>Every target by itself.</summary>
    public const string Each = "each";

    /// <summary>All targets together.</summary>
    public const string Sum = "sum";
}

/// <summary>Values of a goal's state.</summary>
public static class GoalStates
{
    /// <summary>The last look found it met.</summary>
    public const string Met = "Met";

    /// <summary>It has been missed for its settle time.</summary>
    public const string Violated = "Violated";

    /// <summary>It cannot be measured now, so nothing is done for it.</summary>
    public const string Unknown = "Unknown";
}

/// <summary>How a goal stands.</summary>
public sealed record GoalStatus
{
    /// <summary>Its name.</summary>
    [Required]
    [MaxLength(63)]
    public string Name { get; init; } = "";

    /// <summary>Met, Violated, or Unknown where it cannot be measured.</summary>
    [Required]
    [AllowedValues(GoalStates.Met, GoalStates.Violated, GoalStates.Unknown)]
    public string State { get; init; } = GoalStates.Unknown;

    /// <summary>The worst target's value, or the sum, with its unit: 42%, 180ms, 2 of 3 pods. Absent where it is not known.</summary>
    [MaxLength(63)]
    public string? Value { get; init; }

    /// <summary>What it is compared with, in the same unit.</summary>
    [MaxLength(63)]
    public string? Limit { get; init; }

    /// <summary>Why it stands so, one sentence.</summary>
    [MaxLength(512)]
    public string? Reason { get; init; }

    /// <summary>Since when it has this state.</summary>
    public DateTime? Since { get; init; }

    /// <summary>Requests a second that its targets answered when it was last met: many more now are why it is missed.</summary>
    public double? RequestsWhenMet { get; init; }
}
