namespace Ops.Api;

/// <summary>What a schema cannot say about a Remediation.</summary>
public static class RemediationRules
{
    // A transition rule: it compares with the stored object and does not run on creation. Servers before 1.25 drop it; there
    // the plan's hash, which the healer recomputes before each step, notices the change and refuses.
    internal const string FixedRule =
        "self.policy == oldSelf.policy && self.incident == oldSelf.incident && self.planner == oldSelf.planner && self.cause == oldSelf.cause && self.attempt == oldSelf.attempt && self.approveWithin == oldSelf.approveWithin && "
        + "has(self.actions) == has(oldSelf.actions) && (!has(self.actions) || self.actions == oldSelf.actions) && has(self.request) == has(oldSelf.request) && (!has(self.request) || self.request == oldSelf.request)";
    internal const string FixedMessage = "spec.actions and the rest of a plan are fixed once it is made; change only spec.suspend, or delete the remediation";

    internal const string ContentRule = "has(self.request) != (has(self.actions) && size(self.actions) > 0)";
    internal const string ContentMessage = "spec needs either spec.actions or, in words, spec.request; give one of the two";

    /// <summary>The broken rule as the sentence that a user reads, or null: servers before 1.25 do not check it.</summary>
    /// <param name="spec">A spec that passed its schema.</param>
    public static string? Broken(RemediationSpec spec) => spec.Request is null == spec.Actions.Count > 0 ? null : ContentMessage;
}
