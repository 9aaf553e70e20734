namespace Ops.Api;

/// <summary>What a schema cannot say about a Remediation.</summary>
public static class RemediationRules
{
    // A transition rule: it compares with the stored object and does not run on creation. Servers before 1.25 drop it; there
    // the plan's hash, which the healer recomputes before each step, notices the change and refuses.
    internal const string FixedRule =
        "self.policy == oldSelf.policy && self.incident == oldSelf.incident && self.planner == oldSelf.planner && self.cause == oldSelf.cause && self.attempt == oldSelf.attempt && self.approveWithin == oldSelf.approveWithin && self.actions == oldSelf.actions";
    internal const string FixedMessage = "spec.actions and the rest of a plan are fixed once it is made; change only spec.suspend, or delete the remediation";
}
