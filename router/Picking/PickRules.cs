namespace Ops.Picking;

/// <summary>How a route picks among the replicas of a variant.</summary>
public sealed record PickRules
{
    /// <summary>Default weights and bound, without a memory of prefixes and sessions.</summary>
    public static readonly PickRules Default = new();

    /// <summary>The scorers' weights.</summary>
    public ScorerWeights Weights { get; init; } = ScorerWeights.Default;

    /// <summary>The bound on what affinity may do to the load.</summary>
    public LoadBound Bound { get; init; } = LoadBound.Default;

    /// <summary>
    /// Whether a request is turned away when its last token is expected after the hard deadline because of what waits in
    /// front of it; else only when its first place in a batch is.
    /// </summary>
    public bool RejectLateCompletion { get; init; }

    /// <summary>Who holds which prompt blocks; shared by all routes. Null: no prefix affinity, sessions by rendezvous alone.</summary>
    public PrefixIndex? Prefixes { get; init; }
}
