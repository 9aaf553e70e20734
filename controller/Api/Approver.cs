using System.ComponentModel.DataAnnotations;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>
/// One person's decisions about remediations of this namespace. Nothing in a stored object proves who wrote it, so the
/// proof is the right to write it: a Role whose resourceNames lists this object alone, bound to this person alone. The
/// healer has no right to write any.
/// </summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = PluralName)]
[KubectlNames("appr", Categories = ["ops"])]
[PrinterColumn("Decisions", "string", ".spec.decisions[*].remediation", Description = "Remediations that the person decided about.")]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class Approver : CustomResource<ApproverSpec, ApproverStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "Approver";

    /// <summary>The kind's name in URLs.</summary>
    public const string PluralName = "approvers";

    /// <summary>Creates an empty approver with its kind set.</summary>
    public Approver() => Kind = KindName;
}

/// <summary>What the person decided.</summary>
public sealed record ApproverSpec
{
    /// <summary>Do not count this person's decisions. Default false.</summary>
    [System.ComponentModel.DefaultValue(false)]
    public bool Suspend { get; init; }

    /// <summary>One entry a remediation; old ones may be removed at any time.</summary>
    [MaxLength(64)]
    [ListMapKeys("remediation")]
    public IReadOnlyList<ApproverDecision>? Decisions { get; init; }
}

/// <summary>A decision about one plan.</summary>
public sealed record ApproverDecision
{
    /// <summary>The remediation.</summary>
    [Required]
    [MaxLength(253)]
    public string Remediation { get; init; } = "";

    /// <summary>Its status.planHash, in hexadecimal: the decision holds for exactly that plan, once.</summary>
    [Required]
    [MaxLength(64)]
    [RegularExpression("^[0-9a-f]{64}$")]
    public string PlanHash { get; init; } = "";

    /// <summary>approve or reject; one reject outweighs every approve.</summary>
    [Required]
    [AllowedValues(ApproverDecisions.Approve, ApproverDecisions.Reject)]
    public string Decision { get; init; } = ApproverDecisions.Reject;
}

/// <summary>Values of a decision.</summary>
public static class ApproverDecisions
{
    /// <summary>The plan may run.</summary>
    public const string Approve = "approve";

    /// <summary>The plan must not run.</summary>
    public const string Reject = "reject";
}

/// <summary>Nothing is reported about an approver beyond the common field.</summary>
public sealed record ApproverStatus
{
    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }
}
