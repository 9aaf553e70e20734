namespace Ops.Traces;

/// <summary>Which published workload a synthetic trace resembles.</summary>
public enum SyntheticKind
{
    /// <summary>Azure LLM inference 2023, conversation.</summary>
    Conv,

    /// <summary>Azure LLM inference 2023, code completion: very bursty, long prompts, short answers.</summary>
    Code,
}

/// <summary>
/// Generates arrivals and lengths with the published statistics of a production trace: rate, coefficient of variation (CV) of
/// the gaps, mean prompt and answer length.
/// </summary>
/// <remarks>
/// Gaps are independent. Conversation (CV 1.09) has gamma gaps, which are nearly exponential. Code (CV 13.1) has
/// hyperexponential gaps: bursts with gaps of 0.1 s on average, and in 1 of 156 cases a pause of 45 s on average; the two means
/// and the share follow from rate and CV. Lengths are log-normal; their CV is not published, so that of the traces' first half
/// is used (0.94 and 0.76; 0.97 and 2.33).
/// </remarks>
public static class SyntheticTrace
{
    private static readonly Workload Conv = new("synthetic conv", 5.53, 1.09, 1155, 0.94, 211, 0.76);
    private static readonly Workload Code = new("synthetic code", 2.57, 13.1, 2048, 0.97, 28, 2.33);

    // No token count above this; the longest in the traces is 14,050.
    private const int MaxTokens = 32_768;

    // Mean gap inside a burst of the code trace, seconds; the median there is 0.05.
    private const double BurstGap = 0.1;

    /// <summary>The same arguments give the same trace.</summary>
    /// <param name="kind">The workload to resemble.</param>
    /// <param name="duration">Trace time to cover, above zero.</param>
    /// <param name="seed">Seed of every draw.</param>
    public static Trace Generate(SyntheticKind kind, TimeSpan duration, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        var workload = kind == SyntheticKind.Code ? Code : Conv;
        var random = new Random(seed);
        var requests = new List<TraceRequest>();
        for (var at = 0.0; at <= duration.TotalSeconds; at += workload.Gap(random))
        {
            requests.Add(new TraceRequest(
                TimeSpan.FromSeconds(at),
                Length(random, workload.Prompt, workload.PromptVariation),
                Length(random, workload.Answer, workload.AnswerVariation)));
        }
        return new Trace($"{workload.Name}, seed {seed}", [.. requests]);
    }

    private static int Length(Random random, double mean, double variation) =>
        (int)Math.Clamp(Math.Round(Draw.LogNormal(random, mean, variation)), 1, MaxTokens);

    private sealed record Workload(
        string Name, double Rate, double GapVariation, double Prompt, double PromptVariation, double Answer, double AnswerVariation)
    {
        public double Gap(Random random) => GapVariation < 2
            ? Draw.Gamma(random, 1 / Rate, GapVariation)
            : Draw.HyperExponential(random, 1 / Rate, GapVariation, BurstGap);
    }
}
