namespace Ops.Api;

/// <summary>
/// What a schema cannot say about a HealingPolicy: each rule as CEL for the API server and as C# for the healer,
/// because servers before 1.25 drop CEL rules. A test holds the two against each other.
/// </summary>
public static class HealingPolicyRules
{
    /// <summary>Shortest spec.verifyWithin: a symptom that is gone for less is not known to be gone.</summary>
    public static readonly TimeSpan ShortestVerify = TimeSpan.FromSeconds(1);

    /// <summary>Shortest spec.orphanedAfter: every deletion with a finalizer takes a moment.</summary>
    public static readonly TimeSpan ShortestOrphaned = TimeSpan.FromSeconds(1);

    /// <summary>Longest spec.approveWithin: what a person looked at a day ago is not what is there now.</summary>
    public static readonly TimeSpan LongestApproval = TimeSpan.FromHours(24);

    internal const string VerifyRule = "duration(self.verifyWithin) >= duration('1s')";
    internal const string VerifyMessage = "spec.verifyWithin must be at least 1s; raise it, or remove it to get its default 30s";
    internal const string ApproveRule = "duration(self.approveWithin) > duration('0s') && duration(self.approveWithin) <= duration('24h')";
    internal const string ApproveMessage = "spec.approveWithin must be above 0s and at most 24h; change it, or remove it to get its default 15m";

    internal const string OrphanedRule = "duration(self.orphanedAfter) >= duration('1s')";
    internal const string OrphanedMessage = "spec.orphanedAfter must be at least 1s; raise it, or remove it to get its default 10m";

    internal const string TimeoutRule = "!has(self.llm) || !has(self.llm.timeout) || (duration(self.llm.timeout) >= duration('1s') && duration(self.llm.timeout) <= duration('120s'))";
    internal const string TimeoutMessage = "spec.llm.timeout must be 1s to 120s; change it, or remove it to get its default 20s";

    /// <summary>Every broken rule as the sentence that a user reads; empty when all hold.</summary>
    /// <param name="policy">A policy that passed its schema.</param>
    public static IEnumerable<string> Broken(HealingPolicy policy)
    {
        if (policy.Spec.EffectiveVerifyWithin < ShortestVerify)
            yield return VerifyMessage;
        if (policy.Spec.EffectiveApproveWithin <= TimeSpan.Zero || policy.Spec.EffectiveApproveWithin > LongestApproval)
            yield return ApproveMessage;
        if (policy.Spec.EffectiveOrphanedAfter < ShortestOrphaned)
            yield return OrphanedMessage;
        if (policy.Spec.Llm is { } llm && (llm.EffectiveTimeout < TimeSpan.FromSeconds(1) || llm.EffectiveTimeout > TimeSpan.FromSeconds(120)))
            yield return TimeoutMessage;
        foreach (var broken in (policy.Spec.Goals ?? []).SelectMany(HealingGoalRules.Broken))
            yield return broken;
    }
}
