using Ops.Api;
using Ops.Healing.Detection;
using Ops.Healing.Goals;
using Ops.Healing.Planning.Llm;
using Prometheus;

namespace Ops.Operator.Healing;

/// <summary>How repairs come out, by what was wrong, on /metrics. Causes are words of a fixed list, so the series are bounded.</summary>
internal static class HealingMetrics
{
    private static readonly double[] Seconds = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600];

    private static readonly Histogram Detection = Metrics.CreateHistogram(
        "ops_healing_detection_seconds", "From the change of the object at fault to the incident, where the object tells when it was changed. Mean: time to detect.", ["cause"], new() { Buckets = Seconds });

    private static readonly Histogram Repair = Metrics.CreateHistogram(
        "ops_healing_repair_seconds", "From the incident's onset until the symptom was gone, of plans that succeeded. Mean: time to repair.", ["cause", "planner"], new() { Buckets = Seconds });

    private static readonly Counter Remediations = Metrics.CreateCounter("ops_healing_remediations_total", "Plans that came to an end: Succeeded, Relapsed, RolledBack, Refused, Failed. A restart for a goal counts once it is known whether it lasts.", "cause", "planner", "outcome");

    private static readonly Counter NoPlans = Metrics.CreateCounter("ops_healing_no_plan_total", "Findings for which a model was asked and no plan was found.", "cause");

    private static readonly Counter Tokens = Metrics.CreateCounter("ops_healing_llm_tokens_total", "Tokens of questions to language models, prompts and answers.", "cause");

    private static readonly Counter Answers = Metrics.CreateCounter("ops_healing_llm_answers_total", "What came of questions to language models: plans and goals that can be read, or problems.", "cause", "outcome");

    private static readonly Gauge Goals = Metrics.CreateGauge("ops_healing_goal_met", "1 where a goal of a HealingPolicy is met, 0 where it is violated; absent where it cannot be measured.", "namespace", "policy", "goal");

    /// <summary>Shows a goal's state.</summary>
    public static void Judged(JudgedGoal goal)
    {
        if (goal.State == GoalStates.Unknown)
            Forget(goal);
        else
            Goals.WithLabels(goal.Namespace, goal.Policy, goal.Goal.Name).Set(goal.State == GoalStates.Met ? 1 : 0);
    }

    /// <summary>Shows a goal no more.</summary>
    public static void Forget(JudgedGoal goal) => Goals.RemoveLabelled(goal.Namespace, goal.Policy, goal.Goal.Name);

    /// <summary>Counts an incident.</summary>
    public static void Detected(string cause, TimeSpan after) => Detection.WithLabels(cause).Observe(after.TotalSeconds);

    /// <summary>Counts a finding without a plan.</summary>
    public static void NoPlan(string cause) => NoPlans.WithLabels(cause).Inc();

    /// <summary>Counts what came of a question.</summary>
    public static void Asked(string cause, LlmOpinion opinion)
    {
        Tokens.WithLabels(cause).Inc(opinion.Tokens);
        Answers.WithLabels(cause, "plan").Inc(opinion.Plans.Count + (opinion.Goal is null ? 0 : 1));
        Answers.WithLabels(cause, "problem").Inc(opinion.Problems.Count);
    }

    /// <summary>Counts a verdict.</summary>
    /// <param name="remediation">The plan, with the status before the verdict.</param>
    /// <param name="phase">The verdict.</param>
    /// <param name="onset">When the incident began, or null.</param>
    public static void Finished(Remediation remediation, string phase, DateTime? onset)
    {
        // A person may call a task what they like; a series may not.
        var (cause, planner) = (Causes.All.Contains(remediation.Spec.Cause) ? remediation.Spec.Cause : Causes.Asked, remediation.Spec.Planner);
        Remediations.WithLabels(cause, planner, phase).Inc();
        if (phase == RemediationPhases.Succeeded && onset is { } began && remediation.Status?.QuietSince is { } quiet)
            Repair.WithLabels(cause, planner).Observe(Math.Max(0, (quiet - began).TotalSeconds));
    }
}
