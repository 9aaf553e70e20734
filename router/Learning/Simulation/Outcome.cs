using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Ops.Learning;

/// <summary>How a simulated request ended.</summary>
public enum OutcomeKind
{
    /// <summary>It never ended: lost with its replica, refused by an engine, or left when the run was over.</summary>
    Failed,

    /// <summary>The router rejected it.</summary>
    Rejected,

    /// <summary>It got its last token.</summary>
    Answered,
}

/// <summary>The end of one request.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Variant">Index of the pool that answered, -1 if none.</param>
/// <param name="FirstToken">Seconds from arrival to the first token.</param>
/// <param name="Completion">Seconds from arrival to the last token.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Outcome(OutcomeKind Kind, int Variant, double FirstToken, double Completion);

/// <summary>Where requests' ends go.</summary>
internal interface IOutcomes
{
    void Ended(int request, in Outcome outcome);
}

/// <summary>Keeps every outcome; what never ended stays failed.</summary>
internal sealed class OutcomeLog(int count) : IOutcomes
{
    public Outcome[] All { get; } = new Outcome[count];

    public void Ended(int request, in Outcome outcome) => All[request] = outcome;
}

/// <summary>Everything that a run left behind.</summary>
public sealed record RunResult
{
    /// <summary>The requests.</summary>
    public required Workload Workload { get; init; }

    /// <summary>One outcome a request, in the workload's order.</summary>
    public required ImmutableArray<Outcome> Outcomes { get; init; }

    /// <summary>Joules of all steps, by pool.</summary>
    public required ImmutableArray<double> StepJoules { get; init; }

    /// <summary>Joules of GPUs that waited, slept or loaded weights.</summary>
    public required double IdleJoules { get; init; }

    /// <summary>Seconds until the last answer was complete or the workload ended, whichever was later.</summary>
    public required double Seconds { get; init; }

    /// <summary>All joules.</summary>
    public double Joules => StepJoules.Sum() + IdleJoules;
}
