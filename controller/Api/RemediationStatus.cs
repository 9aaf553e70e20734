using System.ComponentModel.DataAnnotations;

namespace Ops.Api;

/// <summary>What was checked, approved, done and found. Texts that come from telemetry are cut and free of control characters.</summary>
public sealed record RemediationStatus
{
    /// <summary>Entry of boundTo of an action that none was taken for: servers of 1.20 refuse an empty text there.</summary>
    public const string Unbound = "none";

    /// <summary>Most entries of the audit that are kept: a plan of eight actions makes five each at most.</summary>
    public const int MaxAudit = 64;

    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Where the plan stands.</summary>
    [AllowedValues(
        RemediationPhases.Planning, RemediationPhases.Planned, RemediationPhases.Suggested, RemediationPhases.AwaitingApproval, RemediationPhases.Executing, RemediationPhases.Verifying,
        RemediationPhases.Succeeded, RemediationPhases.Relapsed, RemediationPhases.RolledBack, RemediationPhases.Refused, RemediationPhases.Failed)]
    public string? Phase { get; init; }

    /// <summary>Why it stands there, one sentence.</summary>
    [MaxLength(1024)]
    public string? Reason { get; init; }

    /// <summary>Of a request in words: the Remediation that was made of it, in the same namespace.</summary>
    [MaxLength(253)]
    public string? Plan { get; init; }

    /// <summary>Of a request in words: the goal that was made of it. Nothing pursues it before a person adds it to spec.goals of the policy.</summary>
    public HealingGoal? Goal { get; init; }

    /// <summary>
    /// Of a plan that a person gives: for each action, in their order, the digest of its target's content when the plan was
    /// proposed, which holds as its precondition; none where the plan has one itself or the target did not exist. Absent where
    /// there is none for any. planHash covers them.
    /// </summary>
    [MaxLength(RemediationSpec.MaxActions)]
    [Schema.Items(MaxLength = 64)]
    public IReadOnlyList<string>? BoundTo { get; init; }

    /// <summary>SHA-256 of the plan with its preconditions in canonical JSON, in hexadecimal: what an approval is bound to.</summary>
    [MaxLength(64)]
    public string? PlanHash { get; init; }

    /// <summary>Whether an action of the plan cannot be undone, so that two people must approve.</summary>
    public bool? Destructive { get; init; }

    /// <summary>Who approved; used up as soon as the plan runs.</summary>
    [MaxLength(8)]
    [Schema.Items(MaxLength = 253)]
    public IReadOnlyList<string>? ApprovedBy { get; init; }

    /// <summary>One entry an action, in their order.</summary>
    [MaxLength(RemediationSpec.MaxActions)]
    public IReadOnlyList<RemediationStep>? Steps { get; init; }

    /// <summary>When the first action ran.</summary>
    public DateTime? StartedAt { get; init; }

    /// <summary>Since when the symptom is gone without a break; absent while it is there.</summary>
    public DateTime? QuietSince { get; init; }

    /// <summary>When the verdict fell.</summary>
    public DateTime? FinishedAt { get; init; }

    /// <summary>When a restart for a goal counted as lasting: the goal was not missed again for ten minutes after the verdict. Absent of other plans, and before.</summary>
    public DateTime? LastedAt { get; init; }

    /// <summary>The actions of a plan that would take this one back, once it succeeded; absent where there is none, see noInverse.</summary>
    [MaxLength(RemediationSpec.MaxActions)]
    public IReadOnlyList<RemediationAction>? Inverse { get; init; }

    /// <summary>Why a plan that succeeded cannot be taken back, one sentence.</summary>
    [MaxLength(1024)]
    public string? NoInverse { get; init; }

    /// <summary>Every proposal, check, write and verdict; each entry's hash covers the one before it.</summary>
    [MaxLength(MaxAudit)]
    public IReadOnlyList<AuditEntry>? Audit { get; init; }
}

/// <summary>Values of status.phase.</summary>
public static class RemediationPhases
{
    /// <summary>Words that the language model is asked about.</summary>
    public const string Planning = "Planning";

    /// <summary>Words that a plan, see status.plan, or a goal, see status.goal, was made of.</summary>
    public const string Planned = "Planned";

    /// <summary>Shown only: the policy lets nothing run.</summary>
    public const string Suggested = "Suggested";

    /// <summary>Waits for people.</summary>
    public const string AwaitingApproval = "AwaitingApproval";

    /// <summary>Its actions run.</summary>
    public const string Executing = "Executing";

    /// <summary>Everything is done; the symptom must stay gone.</summary>
    public const string Verifying = "Verifying";

    /// <summary>The symptom is gone and nothing else got worse.</summary>
    public const string Succeeded = "Succeeded";

    /// <summary>A restart for a goal that succeeded, and the same goal was missed again at the same workload within ten minutes: it did not last.</summary>
    public const string Relapsed = "Relapsed";

    /// <summary>It did not help, so its changes were taken back.</summary>
    public const string RolledBack = "RolledBack";

    /// <summary>A check, a policy or a person said no; nothing was written.</summary>
    public const string Refused = "Refused";

    /// <summary>It did not help, and not everything could be taken back.</summary>
    public const string Failed = "Failed";

    /// <summary>Whether a phase is the last one.</summary>
    /// <param name="phase">A phase or null.</param>
    public static bool IsFinal(string? phase) => phase is Planned or Succeeded or Relapsed or RolledBack or Refused or Failed;
}

/// <summary>What became of one action.</summary>
public sealed record RemediationStep
{
    /// <summary>Most changes that are kept; an action that would change more does not run.</summary>
    public const int MaxChanges = 64;

    /// <summary>Checked, Done or Undone.</summary>
    [AllowedValues(RemediationStepStates.Checked, RemediationStepStates.Done, RemediationStepStates.Undone)]
    public string? State { get; init; }

    /// <summary>What the server's dry run says that the action changes, field by field.</summary>
    [MaxLength(MaxChanges)]
    public IReadOnlyList<FieldChange>? Changes { get; init; }

    /// <summary>uid of the object that was changed or made.</summary>
    [MaxLength(64)]
    public string? Uid { get; init; }

    /// <summary>Content of the object after the action, as a digest: the action is only taken back while it still holds.</summary>
    [MaxLength(64)]
    public string? After { get; init; }
}

/// <summary>Values of a step's state.</summary>
public static class RemediationStepStates
{
    /// <summary>The dry run passed.</summary>
    public const string Checked = "Checked";

    /// <summary>It was written.</summary>
    public const string Done = "Done";

    /// <summary>It was taken back.</summary>
    public const string Undone = "Undone";
}

/// <summary>One field that changes.</summary>
public sealed record FieldChange
{
    /// <summary>Path of a change that is the whole object: servers of 1.20 refuse an empty text here.</summary>
    public const string WholeObject = "/";

    /// <summary>JSON pointer of the field; / for the whole object.</summary>
    [Required]
    [MaxLength(1024)]
    public string Path { get; init; } = "";

    /// <summary>Its value before as JSON; absent where there was none.</summary>
    [MaxLength(65536)]
    public string? Before { get; init; }

    /// <summary>Its value after as JSON; absent where there is none.</summary>
    [MaxLength(65536)]
    public string? After { get; init; }
}

/// <summary>One line of the audit.</summary>
public sealed record AuditEntry
{
    /// <summary>When, to the second.</summary>
    public DateTime? Time { get; init; }

    /// <summary>What, as one CamelCase word: Proposed, Checked, Refused, Approved, Wrote, Undid, Verified.</summary>
    [MaxLength(63)]
    public string? Event { get; init; }

    /// <summary>About it, one sentence.</summary>
    [MaxLength(1024)]
    public string? Detail { get; init; }

    /// <summary>SHA-256 of the previous entry's hash, the time, the event and the detail, in hexadecimal.</summary>
    [MaxLength(64)]
    public string? Hash { get; init; }
}
