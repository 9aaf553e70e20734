using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>One plan for one incident: typed actions, what they were checked against, what they changed, and how it came out.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = PluralName)]
[KubectlNames("rem", Categories = ["ops"])]
[PrinterColumn("Phase", "string", ".status.phase", Description = "Where the plan stands.")]
[PrinterColumn("Cause", "string", ".spec.cause", Description = "What is wrong.")]
[PrinterColumn("Target", "string", ".spec.actions[0].target.name", Description = "What the first action changes.")]
[PrinterColumn("Action", "string", ".spec.actions[0].type", Description = "The first action.")]
[PrinterColumn("Why", "string", ".status.reason", Description = "Why it stands there.")]
[PrinterColumn("Hash", "string", ".status.planHash", Description = "What an approval is bound to.", Priority = 1)]
[PrinterColumn("Incident", "string", ".spec.incident", Priority = 1)]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class Remediation : CustomResource<RemediationSpec, RemediationStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "Remediation";

    /// <summary>The kind's name in URLs.</summary>
    public const string PluralName = "remediations";

    /// <summary>Creates an empty remediation with its kind set.</summary>
    public Remediation() => Kind = KindName;
}

/// <summary>
/// The plan, or in words what a person wants. Only suspend may be changed once it is made: an approval and every check hold for
/// exactly this plan.
/// </summary>
[CelRule(RemediationRules.FixedRule, RemediationRules.FixedMessage)]
[CelRule(RemediationRules.ContentRule, RemediationRules.ContentMessage)]
public sealed record RemediationSpec
{
    /// <summary>Most actions of a plan.</summary>
    public const int MaxActions = 8;

    /// <summary>Most characters of a request.</summary>
    public const int MaxRequest = 500;

    /// <summary>Default of incident: of a task there is none.</summary>
    public const string DefaultIncident = "task";

    /// <summary>Default of cause: nothing is wrong.</summary>
    public const string DefaultCause = "Asked";

    /// <summary>Most plans that are listed as not taken.</summary>
    public const int MaxConsidered = 16;

    /// <summary>A person's brake on this plan alone: it stops before its next step. Default false.</summary>
    [DefaultValue(false)]
    public bool Suspend { get; init; }

    /// <summary>The HealingPolicy that it was made under. A plan waits ten seconds for one that is made after it, and is refused without one.</summary>
    [Required]
    [MaxLength(253)]
    public string Policy { get; init; } = "";

    /// <summary>
    /// Instead of actions, what a person wants, in words: "scale catalog to 3", "keep the 99th percentile of catalog below 300ms".
    /// Objects, images and values by their exact names. The policy's language model is asked once and makes of it a plan, a
    /// Remediation of its own with typed actions that somebody must approve, or a goal in status.goal for a person to add to the policy.
    /// </summary>
    [MinLength(1)]
    [MaxLength(MaxRequest)]
    public string? Request { get; init; }

    /// <summary>The incident that it is to end; of a task that a person gives, any word, and of a plan made from words, their Remediation. Default task.</summary>
    [MaxLength(253)]
    [DefaultValue(DefaultIncident)]
    public string Incident { get; init; } = DefaultIncident;

    /// <summary>Who planned it: rules, llm, or a person who takes an earlier plan back or gives a task. Default rules.</summary>
    [AllowedValues(RemediationPlanners.Rules, RemediationPlanners.Llm, RemediationPlanners.Person)]
    [DefaultValue(RemediationPlanners.Rules)]
    public string Planner { get; init; } = RemediationPlanners.Rules;

    /// <summary>What is wrong, as one CamelCase word. Default Asked: nothing is, a person asks for it.</summary>
    [MaxLength(63)]
    [DefaultValue(DefaultCause)]
    public string Cause { get; init; } = DefaultCause;

    /// <summary>Why these actions, one sentence.</summary>
    [MaxLength(1024)]
    public string? Rationale { get; init; }

    /// <summary>Plans that were weighed and not taken, and why; they never ran.</summary>
    [MaxLength(MaxConsidered)]
    [Items(MaxLength = 512)]
    public IReadOnlyList<string>? Considered { get; init; }

    /// <summary>Which try for the incident this is, from 1. Default 1.</summary>
    [Range(1, 100)]
    [DefaultValue(1)]
    public int Attempt { get; init; } = 1;

    /// <summary>How long after its creation it may still be approved. Default 15m.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(HealingPolicySpec.DefaultApproveWithin)]
    public string ApproveWithin { get; init; } = HealingPolicySpec.DefaultApproveWithin;

    /// <summary>What is done, in this order; at least one action, unless request holds words instead.</summary>
    [MaxLength(MaxActions)]
    public IReadOnlyList<RemediationAction> Actions { get; init; } = [];
}

/// <summary>Values of spec.planner.</summary>
public static class RemediationPlanners
{
    /// <summary>The deterministic rules.</summary>
    public const string Rules = "rules";

    /// <summary>A language model.</summary>
    public const string Llm = "llm";

    /// <summary>Somebody who asks for an earlier plan to be taken back, or for a task; somebody must approve it, whatever the policy's autonomy.</summary>
    public const string Person = "person";
}

/// <summary>One action of the closed catalogue.</summary>
public sealed record RemediationAction
{
    /// <summary>Its type, a name of the catalogue.</summary>
    [Required]
    [MaxLength(63)]
    public string Type { get; init; } = "";

    /// <summary>The object that it changes.</summary>
    [Required]
    public RemediationTarget Target { get; init; } = new();

    /// <summary>What the type asks for; each type has its own list.</summary>
    [MaxLength(16)]
    [Items(MaxLength = 1024)]
    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    /// <summary>
    /// SHA-256 of the target's labels and fields without its status, in hexadecimal: with another content the action does not run.
    /// Absent where the target does not exist. A person may leave it out: then it is taken when the plan is proposed, see status.boundTo.
    /// </summary>
    [MaxLength(64)]
    public string? Precondition { get; init; }
}

/// <summary>An object in the remediation's namespace, or a node.</summary>
public sealed record RemediationTarget
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
