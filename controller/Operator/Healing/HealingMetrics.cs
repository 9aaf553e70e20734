using Ops.Api;
using Ops.Healing.Planning.Llm;
using Prometheus;

namespace Ops.Operator.Healing;

/// <summary>How repairs come out, on /metrics.</summary>
internal static class HealingMetrics
{
    private static readonly Counter Remediations = Metrics.CreateCounter("ops_healing_remediations_total", "Plans that came to an end.", "cause", "outcome");

    private static readonly Histogram Seconds = Metrics.CreateHistogram(
        "ops_healing_repair_seconds", "From the plan to the verdict, of plans that succeeded.", new HistogramConfiguration { Buckets = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600] });

    private static readonly Counter Tokens = Metrics.CreateCounter("ops_healing_llm_tokens_total", "Tokens of questions to language models, prompts and answers.");

    private static readonly Counter Answers = Metrics.CreateCounter("ops_healing_llm_answers_total", "What came of questions to language models: plans that can be read, or problems.", "outcome");

    /// <summary>Counts tokens.</summary>
    public static void Spent(int tokens) => Tokens.Inc(Math.Max(0, tokens));

    /// <summary>Counts what came of a question.</summary>
    public static void Asked(LlmOpinion opinion)
    {
        Answers.WithLabels("plan").Inc(opinion.Plans.Count);
        Answers.WithLabels("problem").Inc(opinion.Problems.Count);
    }

    /// <summary>Counts a verdict.</summary>
    public static void Finished(Remediation remediation, string phase, DateTimeOffset now)
    {
        Remediations.WithLabels(remediation.Spec.Cause, phase).Inc();
        if (phase == RemediationPhases.Succeeded && remediation.Metadata.CreationTimestamp is { } created)
            Seconds.Observe((now.UtcDateTime - created).TotalSeconds);
    }
}
