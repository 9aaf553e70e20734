using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>How a learned choice came about.</summary>
public enum LearnedVerdict
{
    /// <summary>No candidate promised enough more than the rule's choice.</summary>
    Agreed,

    /// <summary>Another candidate did.</summary>
    Overruled,

    /// <summary>Every other candidate was unlike the training; the rule decided.</summary>
    OutsideTraining,

    /// <summary>The figures of the replicas were too old; the rule decided.</summary>
    NotFresh,
}

/// <summary>A learned choice beside the rule's.</summary>
/// <param name="Choice">What the learned policy takes: index of a variant, -1 to reject.</param>
/// <param name="Rule">What the price rule takes.</param>
/// <param name="Verdict">How the choice came about.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LearnedDecision(int Choice, int Rule, LearnedVerdict Verdict);
