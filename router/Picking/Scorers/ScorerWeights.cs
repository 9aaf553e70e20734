namespace Ops.Picking;

/// <summary>How much each scorer counts. 0 turns a scorer off.</summary>
public sealed record ScorerWeights
{
    /// <summary>The defaults: those of the Gateway API inference extension where it has the scorer.</summary>
    public static readonly ScorerWeights Default = new();

    /// <summary>Weight of <see cref="QueueScorer"/>.</summary>
    public float Queue { get; init; } = 2;

    /// <summary>Weight of <see cref="KvCacheUtilizationScorer"/>.</summary>
    public float KvCacheUtilization { get; init; } = 2;

    /// <summary>Weight of <see cref="PrefixCacheScorer"/>.</summary>
    public float PrefixCache { get; init; } = 3;

    /// <summary>Weight of <see cref="SessionAffinityScorer"/>.</summary>
    public float SessionAffinity { get; init; } = 2;

    /// <summary>Weight of <see cref="LoraAffinityScorer"/>.</summary>
    public float LoraAffinity { get; init; } = 1;
}
