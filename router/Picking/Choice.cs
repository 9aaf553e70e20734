using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>How a choice ended.</summary>
public enum ChoiceKind
{
    /// <summary>A replica was chosen.</summary>
    Chosen,

    /// <summary>No variant that the policy considers has a ready replica: answer 503.</summary>
    NoReplicaReady,

    /// <summary>No variant can start the request before its hard deadline: answer 429.</summary>
    Saturated,

    /// <summary>The policy found no variant worth what the request would cost the others: answer 429.</summary>
    Declined,
}

/// <summary>The outcome of a choice.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Variant">Index into <see cref="RouteSnapshot.Variants"/>, -1 unless chosen.</param>
/// <param name="Replica">Index into <see cref="VariantState.Replicas"/>, -1 unless chosen.</param>
/// <param name="RetryAfterSeconds">When the client may try again; 0 when chosen.</param>
/// <param name="PredictedTimeToFirstToken">Seconds, 0 unless chosen.</param>
/// <param name="PredictedCompletion">Seconds, 0 unless chosen.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Choice(ChoiceKind Kind, int Variant, int Replica, int RetryAfterSeconds, double PredictedTimeToFirstToken, double PredictedCompletion)
{
    /// <summary>Prompt tokens that the replica probably holds already; 0 unless chosen.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Joules that it is expected to add to the replica; 0 unless chosen, and where the variant has no curve.</summary>
    public double MarginalJoules { get; init; }
}
