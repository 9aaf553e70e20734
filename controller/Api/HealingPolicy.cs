using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>What may be repaired in a namespace, by which actions, and how far without a person. Written by people only: the healer has no right to.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = PluralName)]
[KubectlNames("hp", Categories = ["ops"])]
[PrinterColumn("Autonomy", "string", ".spec.autonomy", Description = "observe, suggest, approve or auto.")]
[PrinterColumn("Suspended", "boolean", ".spec.suspend", Description = "The kill switch.")]
[PrinterColumn("State", "string", ".status.conditions[?(@.type==\"Ready\")].reason", Description = "Whether the policy is at work, and why not.")]
[PrinterColumn("Workloads", "integer", ".status.workloads", Description = "Workloads under the policy.")]
[PrinterColumn("Findings", "integer", ".status.findings", Description = "What is wrong with them now.")]
[PrinterColumn("Actions", "integer", ".status.actionsLastHour", Description = "Actions of the last hour, against the budget.")]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class HealingPolicy : CustomResource<HealingPolicySpec, HealingPolicyStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "HealingPolicy";

    /// <summary>The kind's name in URLs.</summary>
    public const string PluralName = "healingpolicies";

    /// <summary>Creates an empty policy with its kind set.</summary>
    public HealingPolicy() => Kind = KindName;
}

/// <summary>What people allow.</summary>
[CelRule(HealingPolicyRules.VerifyRule, HealingPolicyRules.VerifyMessage, FieldPath = ".verifyWithin")]
[CelRule(HealingPolicyRules.ApproveRule, HealingPolicyRules.ApproveMessage, FieldPath = ".approveWithin")]
[CelRule(HealingPolicyRules.OrphanedRule, HealingPolicyRules.OrphanedMessage, FieldPath = ".orphanedAfter")]
[CelRule(HealingPolicyRules.TimeoutRule, HealingPolicyRules.TimeoutMessage, FieldPath = ".llm")]
public sealed record HealingPolicySpec
{
    /// <summary>Default of verifyWithin.</summary>
    public const string DefaultVerifyWithin = "30s";

    /// <summary>Default of approveWithin.</summary>
    public const string DefaultApproveWithin = "15m";

    /// <summary>Default of orphanedAfter.</summary>
    public const string DefaultOrphanedAfter = "10m";

    /// <summary>Most goals of a policy.</summary>
    public const int MaxGoals = 16;

    /// <summary>The kill switch: no further write under this policy, running remediations stop before their next step. Default false.</summary>
    [DefaultValue(false)]
    public bool Suspend { get; init; }

    /// <summary>Labels that a workload or Service must have to be under the policy. Default: all of the namespace.</summary>
    [MinLength(1)]
    [MaxLength(16)]
    [Items(MaxLength = 63)]
    public IReadOnlyDictionary<string, string>? Workloads { get; init; }

    /// <summary>
    /// observe: incidents only. suggest: plans are shown, none runs. approve: a plan runs once a person approves it.
    /// auto: a reversible plan runs at once, a destructive one after two different people approved it. Default suggest.
    /// </summary>
    [AllowedValues(AutonomyLevels.Observe, AutonomyLevels.Suggest, AutonomyLevels.Approve, AutonomyLevels.Auto)]
    [DefaultValue(AutonomyLevels.Suggest)]
    public string Autonomy { get; init; } = AutonomyLevels.Suggest;

    /// <summary>Types of actions that are allowed. Default: every reversible one.</summary>
    [MaxLength(64)]
    [Items(MaxLength = 63)]
    public IReadOnlyList<string>? Actions { get; init; }

    /// <summary>How much may be done at once and in an hour.</summary>
    [DefaultsFromFields]
    public HealingBudget? Budget { get; init; }

    /// <summary>Objects that no action may change.</summary>
    [MaxLength(64)]
    [ListMapKeys("kind", "name")]
    public IReadOnlyList<ProtectedObject>? Protected { get; init; }

    /// <summary>How long a symptom must stay gone before the repair counts as one, at least 1s. Default 30s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultVerifyWithin)]
    public string? VerifyWithin { get; init; }

    /// <summary>How long a plan waits for approval before it expires, at most 24h. Default 15m.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultApproveWithin)]
    public string? ApproveWithin { get; init; }

    /// <summary>
    /// How long a deletion may hang before a finalizer whose domain serves no API counts as orphaned: a controller that needs
    /// no API of its own may take minutes. At least 1s. Default 10m.
    /// </summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultOrphanedAfter)]
    public string? OrphanedAfter { get; init; }

    /// <summary>What is wanted of Deployments and StatefulSets beyond that they run: numbers that are measured. A goal that is missed is repaired like a fault.</summary>
    [MaxLength(MaxGoals)]
    [ListMapKeys("name")]
    public IReadOnlyList<HealingGoal>? Goals { get; init; }

    /// <summary>A language model that may propose plans of the same typed actions, through the same checks. Default: none, rules alone.</summary>
    public HealingLlm? Llm { get; init; }

    /// <summary>verifyWithin with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveVerifyWithin => GoDuration.ParseOrDefault(VerifyWithin, DefaultVerifyWithin);

    /// <summary>approveWithin with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveApproveWithin => GoDuration.ParseOrDefault(ApproveWithin, DefaultApproveWithin);

    /// <summary>orphanedAfter with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveOrphanedAfter => GoDuration.ParseOrDefault(OrphanedAfter, DefaultOrphanedAfter);

    /// <summary>budget with the defaults filled in.</summary>
    [JsonIgnore]
    public HealingBudget EffectiveBudget => Budget ?? new();

    /// <summary>Whether an object with these labels is under the policy.</summary>
    /// <param name="labels">Its labels, or null.</param>
    public bool Selects(IDictionary<string, string>? labels) =>
        Workloads is null || Workloads.All(pair => labels?.TryGetValue(pair.Key, out var value) == true && value == pair.Value);
}

/// <summary>Values of spec.autonomy.</summary>
public static class AutonomyLevels
{
    /// <summary>Incidents only.</summary>
    public const string Observe = "observe";

    /// <summary>Plans are shown, none runs.</summary>
    public const string Suggest = "suggest";

    /// <summary>A plan runs once a person approves it.</summary>
    public const string Approve = "approve";

    /// <summary>A reversible plan runs at once.</summary>
    public const string Auto = "auto";
}

/// <summary>Bounds of what healing may do.</summary>
public sealed record HealingBudget
{
    /// <summary>Default of actionsPerHour.</summary>
    public const int DefaultActionsPerHour = 20;

    /// <summary>Default of maxUnavailable.</summary>
    public const int DefaultMaxUnavailable = 1;

    /// <summary>Actions that may run in any hour. Default 20.</summary>
    [Range(0, 1000)]
    [DefaultValue(DefaultActionsPerHour)]
    public int? ActionsPerHour { get; init; }

    /// <summary>Ready pods that an action may take away at once; pods that are not ready cost nothing. Default 1.</summary>
    [Range(0, 1000)]
    [DefaultValue(DefaultMaxUnavailable)]
    public int? MaxUnavailable { get; init; }

    /// <summary>Ready pods that must stay while an action runs. Default 0.</summary>
    [Range(0, 1000)]
    [DefaultValue(0)]
    public int? MinHealthy { get; init; }

    /// <summary>actionsPerHour with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveActionsPerHour => ActionsPerHour ?? DefaultActionsPerHour;

    /// <summary>maxUnavailable with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveMaxUnavailable => MaxUnavailable ?? DefaultMaxUnavailable;

    /// <summary>minHealthy with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveMinHealthy => MinHealthy ?? 0;
}

/// <summary>An object that no action may change.</summary>
public sealed record ProtectedObject
{
    /// <summary>Its kind, for example Deployment.</summary>
    [Required]
    [MaxLength(63)]
    public string Kind { get; init; } = "";

    /// <summary>Its name.</summary>
    [Required]
    [MaxLength(253)]
    public string Name { get; init; } = "";
}

/// <summary>What the healer made of a policy.</summary>
public sealed record HealingPolicyStatus
{
    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Workloads under the policy.</summary>
    public int? Workloads { get; init; }

    /// <summary>What is wrong with them now.</summary>
    public int? Findings { get; init; }

    /// <summary>Objects whose last good state is remembered.</summary>
    public int? Remembered { get; init; }

    /// <summary>Actions of the last hour.</summary>
    public int? ActionsLastHour { get; init; }

    /// <summary>Tokens that the language model cost in the last hour, counted since the operator's start; absent without one.</summary>
    public int? TokensLastHour { get; init; }

    /// <summary>How the goals stand, in the order of spec.goals.</summary>
    [MaxLength(HealingPolicySpec.MaxGoals)]
    [ListMapKeys("name")]
    public IReadOnlyList<GoalStatus>? Goals { get; init; }

    /// <summary>Ready, Degraded.</summary>
    [ListMapKeys("type")]
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
