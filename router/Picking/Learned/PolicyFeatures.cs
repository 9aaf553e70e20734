namespace Ops.Picking;

/// <summary>
/// What a learned policy looks at: the fleet's load, one candidate, and what the price rule would take instead, so that
/// one small network can compare any candidate of any route with the rule's choice.
/// </summary>
/// <remarks>
/// A row holds 7 figures of the request and the fleet, 11 of the candidate and the same 11 of the rule's choice. To reject
/// is a candidate too: its figures are 0 and its last one, the score, is the threshold of the rule. How long a request has
/// waited already counts in the worth of each candidate, and nowhere else.
/// </remarks>
public static class PolicyFeatures
{
    internal const int Shared = 7;
    internal const int Own = 11;

    /// <summary>Figures in a row.</summary>
    public const int Count = Shared + (2 * Own);

    /// <summary>Fills the shared part of a row.</summary>
    internal static void Fleet(RouteSnapshot snapshot, in RequestFeatures request, double load, Span<float> row)
    {
        var five = Math.Max(request.Rates.Over5Seconds, 1e-3);
        row[0] = (float)Math.Min(load, 4);
        row[1] = (float)Math.Min(request.Rates.OverSecond / five, 4);
        row[2] = (float)Math.Min(request.Rates.Over30Seconds / five, 4);
        row[3] = (float)Math.Log2(1 + request.PromptTokens) / 16;
        row[4] = (float)Math.Log2(1 + (request.MaxTokens ?? 0)) / 16;
        row[5] = request.Streaming ? 1 : 0;
        row[6] = (float)Math.Min(snapshot.Objective.HardDeadline / 60, 4);
    }

    /// <summary>Fills a candidate's part of a row.</summary>
    internal static void Candidate(RouteSnapshot snapshot, int variant, in VariantOutlook outlook, in RequestFeatures request, double worth, double score, Span<float> part)
    {
        var state = snapshot.Variants[variant];
        part[0] = 1;
        part[1] = (float)state.Quality[request.Task];
        part[2] = (float)worth;
        part[3] = Squashed(outlook.TimeToFirstToken / snapshot.Objective.TimeToFirstToken);
        part[4] = Squashed(outlook.TimePerOutputToken / snapshot.Objective.TimePerOutputToken);
        part[5] = Squashed(outlook.Completion / snapshot.Objective.EndToEnd);
        part[6] = Squashed(outlook.BacklogSeconds / snapshot.Objective.TimeToFirstToken);
        part[7] = Squashed(FleetLoad.WorkSeconds(state, outlook.PrefillSeconds, outlook.OutputTokens));
        part[8] = Squashed(outlook.Outstanding / 64.0);
        part[9] = Squashed(state.Replicas.Length / 4.0);
        part[10] = Bounded(score);
    }

    /// <summary>Fills the part of rejecting.</summary>
    internal static void Reject(double threshold, Span<float> part)
    {
        part.Clear();
        part[10] = Bounded(threshold);
    }

    // Scores differ most between what can be served well and what can hardly.
    private static float Bounded(double score) => (float)Math.Clamp(score, -2, 1);

    // 0..infinity to 0..1 with most room around 1.
    private static float Squashed(double value) => (float)(value / (1 + value));
}
