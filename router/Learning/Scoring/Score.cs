using System.Collections.Immutable;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>What a run was worth to its clients.</summary>
/// <remarks>
/// Quality delivered by a request = quality of the variant for its task x worth, where
///   worth = worth at completion (1 up to the soft deadline, on a line to 0 at the hard one)
///           x min(1, objective for the first token / time to the first token)
/// and 0 for a request that was rejected or failed. Peak = the same if the best variant had served every request alone
/// on a replica. Performance of a window = mean quality delivered / mean peak over the requests that arrived in it.
/// </remarks>
public sealed record Score
{
    /// <summary>Seconds of a window.</summary>
    public const double WindowSeconds = 10;

    /// <summary>Quality delivered over peak, all requests.</summary>
    public required double Performance { get; init; }

    /// <summary>Performance of each window that had requests, in order of time.</summary>
    public required ImmutableArray<double> Windows { get; init; }

    /// <summary>Share of requests whose answer was complete before the hard deadline.</summary>
    public required double Availability { get; init; }

    /// <summary>Share of requests that met the objective: first token, mean time by output token and soft deadline.</summary>
    public required double Attainment { get; init; }

    /// <summary>Share of requests that the router rejected.</summary>
    public required double Rejected { get; init; }

    /// <summary>Mean declared quality of the answers.</summary>
    public required double MeanQuality { get; init; }

    /// <summary>Joules by request that met the objective.</summary>
    public required double JoulesPerGood { get; init; }

    /// <summary>Share of the answers by variant.</summary>
    public required ImmutableArray<double> Shares { get; init; }

    /// <summary>Share of windows whose performance is above a level.</summary>
    public double WindowsAbove(double level) => Windows.IsEmpty ? 0 : (double)Windows.Count(w => w > level) / Windows.Length;

    /// <summary>Scores a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="fleet">The fleet that served it.</param>
    /// <param name="objective">The clients' objective.</param>
    public static Score Of(RunResult run, SimulatedFleet fleet, Objective objective)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(fleet);
        var peak = new Peak(fleet, objective);
        var windows = new List<(double Delivered, double Peak)>();
        double delivered = 0, peaks = 0, quality = 0;
        int available = 0, met = 0, rejected = 0, answered = 0;
        var shares = new double[fleet.Pools.Length];
        for (var i = 0; i < run.Outcomes.Length; i++)
        {
            ref readonly var arrival = ref run.Workload.Arrivals.AsSpan()[i];
            var outcome = run.Outcomes[i];
            var worth = Delivered(outcome, arrival, fleet, objective);
            var best = peak.Of(arrival);
            delivered += worth;
            peaks += best;
            var window = (int)(arrival.At / WindowSeconds);
            while (windows.Count <= window)
                windows.Add(default);
            windows[window] = (windows[window].Delivered + worth, windows[window].Peak + best);
            if (outcome.Kind == OutcomeKind.Rejected)
                rejected++;
            if (outcome.Kind != OutcomeKind.Answered)
                continue;
            answered++;
            shares[outcome.Variant]++;
            quality += fleet.Pools[outcome.Variant].Quality[arrival.Task];
            if (outcome.Completion < objective.HardDeadline)
                available++;
            if (Meets(outcome, arrival, objective))
                met++;
        }

        var count = Math.Max(1, run.Outcomes.Length);
        return new Score
        {
            Performance = peaks > 0 ? delivered / peaks : 0,
            Windows = [.. windows.Where(w => w.Peak > 0).Select(w => w.Delivered / w.Peak)],
            Availability = (double)available / count,
            Attainment = (double)met / count,
            Rejected = (double)rejected / count,
            MeanQuality = answered > 0 ? quality / answered : 0,
            JoulesPerGood = met > 0 ? run.Joules / met : double.PositiveInfinity,
            Shares = [.. shares.Select(s => s / Math.Max(1, answered))],
        };
    }

    /// <summary>Quality that one request delivered.</summary>
    internal static double Delivered(in Outcome outcome, in Arrival arrival, SimulatedFleet fleet, in Objective objective) =>
        outcome.Kind != OutcomeKind.Answered ? 0
        : fleet.Pools[outcome.Variant].Quality[arrival.Task] * Worth(outcome.FirstToken, outcome.Completion, objective);

    internal static double Worth(double firstToken, double completion, in Objective objective) =>
        objective.Worth(completion) * Math.Min(1, objective.TimeToFirstToken / Math.Max(firstToken, 1e-9));

    private static bool Meets(in Outcome outcome, in Arrival arrival, in Objective objective)
    {
        if (outcome.FirstToken > objective.TimeToFirstToken || outcome.Completion > objective.EndToEnd)
            return false;
        return arrival.OutputTokens <= 1 ||
            (outcome.Completion - outcome.FirstToken) / (arrival.OutputTokens - 1) <= objective.TimePerOutputToken;
    }
}
