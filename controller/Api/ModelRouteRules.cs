namespace Ops.Api;

/// <summary>
/// What a schema cannot say about a ModelRoute: each rule as CEL for the API server and as C# for the operator,
/// because servers before 1.25 drop CEL rules. A test holds the two against each other.
/// </summary>
public static class ModelRouteRules
{
    // Fields with a schema default are always present when CEL runs, so these rules need no has().
    internal const string StaticNeedsPoolRule = "self.type != 'static' || has(self.staticPool)";
    internal const string StaticNeedsPoolMessage =
        "spec.policy.staticPool is required when spec.policy.type is static; name the pool of one of spec.variants";

    internal const string LearnedNeedsRefRule = "self.type != 'learned' || has(self.policyRef)";
    internal const string LearnedNeedsRefMessage =
        "spec.policy.policyRef is required when spec.policy.type is learned; ./ops train writes the policy and sets both";

    internal const string ExplorationNeedsLearnedRule = "self.type == 'learned' || self.exploration == 0.0";
    internal const string ExplorationNeedsLearnedMessage =
        "spec.policy.exploration needs spec.policy.type learned; remove exploration or set it to 0";

    internal const string StaticPoolKnownRule =
        "!has(self.policy) || !has(self.policy.staticPool) || self.variants.exists(v, v.pool == self.policy.staticPool)";
    internal const string StaticPoolKnownMessage =
        "spec.policy.staticPool is not among the pools of spec.variants; add it there or name one of them";

    internal const string QualityDefaultRule = "'default' in self";
    internal const string QualityDefaultMessage =
        "quality needs the key \"default\", the expected quality for requests that name no task; add it";

    internal const string DeadlineOrderRule = "duration(self.hardDeadline) >= duration(self.endToEnd)";
    internal const string DeadlineOrderMessage =
        "spec.objective.hardDeadline must not be before endToEnd; raise hardDeadline (default 60s) or lower endToEnd (default 30s)";

    internal const string FirstTokenOrderRule = "duration(self.timeToFirstToken) <= duration(self.endToEnd)";
    internal const string FirstTokenOrderMessage =
        "spec.objective.timeToFirstToken must not be after endToEnd; lower timeToFirstToken (default 1s) or raise endToEnd (default 30s)";

    internal const string ObjectivePositiveRule =
        "duration(self.timeToFirstToken) > duration('0s') && duration(self.timePerOutputToken) > duration('0s')";
    internal const string ObjectivePositiveMessage =
        "spec.objective.timeToFirstToken and timePerOutputToken must be above 0; remove the field to get its default";

    internal const string TimeoutsPositiveRule =
        "duration(self.connect) > duration('0s') && duration(self.firstByte) > duration('0s') && duration(self.idle) > duration('0s') && (!has(self.total) || duration(self.total) > duration('0s'))";
    internal const string TimeoutsPositiveMessage =
        "spec.timeouts.connect, firstByte, idle and total must be above 0; remove the field to get its default";

    internal const string SomeScorerRule =
        "self.queue + self.kvCacheUtilization + self.prefixCache + self.sessionAffinity + self.loraAffinity > 0";
    internal const string SomeScorerMessage =
        "spec.scorers has only weights of 0, so nothing tells replicas apart; raise one, or remove the field to get its default";

    /// <summary>Every broken rule as the sentence that a user reads; empty when all hold.</summary>
    /// <param name="route">A route that passed its schema.</param>
    public static IEnumerable<string> Broken(ModelRoute route)
    {
        var spec = route.Spec;
        var policy = spec.EffectivePolicy;
        if (policy.EffectiveType == PolicyTypes.Static && policy.StaticPool is null)
            yield return StaticNeedsPoolMessage;
        if (policy.EffectiveType == PolicyTypes.Learned && policy.PolicyRef is null)
            yield return LearnedNeedsRefMessage;
        if (policy.EffectiveType != PolicyTypes.Learned && policy.EffectiveExploration != 0)
            yield return ExplorationNeedsLearnedMessage;
        if (policy.StaticPool is { } pool && !spec.Variants.Any(variant => variant.Pool == pool))
            yield return StaticPoolKnownMessage;
        if (spec.Variants.Any(variant => !variant.Quality.ContainsKey(WellKnown.DefaultTask)))
            yield return QualityDefaultMessage;

        var objective = spec.EffectiveObjective;
        if (objective.EffectiveHardDeadline < objective.EffectiveEndToEnd)
            yield return DeadlineOrderMessage;
        if (objective.EffectiveTimeToFirstToken > objective.EffectiveEndToEnd)
            yield return FirstTokenOrderMessage;
        if (objective.EffectiveTimeToFirstToken <= TimeSpan.Zero || objective.EffectiveTimePerOutputToken <= TimeSpan.Zero)
            yield return ObjectivePositiveMessage;

        var timeouts = spec.EffectiveTimeouts;
        if (timeouts.EffectiveConnect <= TimeSpan.Zero || timeouts.EffectiveFirstByte <= TimeSpan.Zero || timeouts.EffectiveIdle <= TimeSpan.Zero || timeouts.EffectiveTotal <= TimeSpan.Zero)
            yield return TimeoutsPositiveMessage;

        var scorers = spec.EffectiveScorers;
        if (scorers.EffectiveQueue + scorers.EffectiveKvCacheUtilization + scorers.EffectivePrefixCache + scorers.EffectiveSessionAffinity + scorers.EffectiveLoraAffinity <= 0)
            yield return SomeScorerMessage;
    }
}
