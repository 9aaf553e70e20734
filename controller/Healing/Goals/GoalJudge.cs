using System.Globalization;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Llm;

namespace Ops.Healing.Goals;

/// <summary>From what was measured to whether a goal is met. Pure: the same look, readings and last verdict give the same.</summary>
public static class GoalJudge
{
    // Requests when a goal was met are a mean of about so long, so that a rise is seen beside what was usual.
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(60);

    // How often what people are shown follows the value while nothing else changes: each is a write.
    private static readonly TimeSpan ShowEvery = TimeSpan.FromSeconds(10);

    /// <summary>Judges a goal.</summary>
    /// <param name="policy">Name of its HealingPolicy.</param>
    /// <param name="goal">The goal, of a policy whose rules hold.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="readings">What the targets did, by name.</param>
    /// <param name="before">The verdict of the last look, or what <see cref="Remembered"/> made of the status; null at the first.</param>
    public static JudgedGoal Judge(string policy, HealingGoal goal, NamespaceSnapshot snapshot, IReadOnlyDictionary<string, TargetReading> readings, JudgedGoal? before)
    {
        var targets = goal.Targets.Distinct(StringComparer.Ordinal).Select(target => GoalMeasure.Of(goal, target, snapshot, readings, before?.IsOpen == true)).ToList();
        var (isMissed, unknown) = Look(goal, targets);
        targets = [.. targets.Select(target => target with { Usual = Usual(target, before, isMissed || unknown is not null) })];
        // Each part of a sum that is too large may be why.
        if (goal.Combine == GoalCombinations.Sum)
            targets = [.. targets.Select(target => target with { IsMissed = isMissed })];
        targets = [.. targets.Select(target => target with { Worst = Worst(target, before) })];
        var now = snapshot.Now;
        var missedSince = isMissed ? before?.MissedSince ?? now : unknown is not null ? before?.MissedSince : (DateTimeOffset?)null;
        var state = isMissed ? now - missedSince >= goal.EffectiveSettle || before?.State == GoalStates.Violated ? GoalStates.Violated : before is { State: GoalStates.Met } ? GoalStates.Met : GoalStates.Unknown
            : unknown is not null ? GoalStates.Unknown : GoalStates.Met;
        var requests = Requests(targets, readings);
        var judged = new JudgedGoal(snapshot.Namespace, policy, goal)
        {
            State = state,
            Since = before?.State == state ? before.Since : now,
            Reason = TaintedText.Clean(Reason(goal, targets, isMissed, unknown, now - missedSince), 512),
            Targets = targets,
            MissedSince = missedSince,
            LastMissed = isMissed ? now : before?.LastMissed,
            IsOpen = state == GoalStates.Violated || (before?.IsOpen == true && (isMissed || unknown is not null)),
            Requests = requests,
            RequestsWhenMet = isMissed || unknown is not null ? before?.RequestsWhenMet : Smoothed(before?.RequestsWhenMet, requests),
        };
        return Show(judged, before, now);
    }

    /// <summary>The last verdict as far as the status of the policy tells it: what a new leader begins with.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="goal">One of its goals.</param>
    public static JudgedGoal? Remembered(HealingPolicy policy, HealingGoal goal) => policy.Status?.Goals?.FirstOrDefault(one => one.Name == goal.Name) is { Since: { } since } shown
        ? new(policy.Metadata.NamespaceProperty, policy.Metadata.Name, goal)
        {
            State = shown.State, Since = Utc(since), Reason = shown.Reason ?? "", IsOpen = shown.State == GoalStates.Violated, MissedSince = shown.State == GoalStates.Violated ? Utc(since) : null,
            RequestsWhenMet = shown.RequestsWhenMet, Shown = shown, ShownAt = Utc(since),
        }
        : null;

    private static (bool IsMissed, string? Unknown) Look(HealingGoal goal, List<GoalTarget> targets)
    {
        var unknown = targets.FirstOrDefault(target => target.Value is null)?.Why;
        if (goal.Combine == GoalCombinations.Sum)
            return (unknown is null && targets.Sum(target => target.Value) >= GoalMeasure.LimitOf(goal), unknown);
        // One target that misses it decides; that another cannot be measured does not take that back.
        return targets.Exists(target => target.IsMissed) ? (true, null) : (false, unknown);
    }

    private static double? Usual(GoalTarget target, JudgedGoal? before, bool isKept)
    {
        var last = before?.Targets.FirstOrDefault(one => one.Name == target.Name)?.Usual;
        return isKept ? last : Smoothed(last, target.Value);
    }

    private static double? Worst(GoalTarget target, JudgedGoal? before)
    {
        var last = before?.Targets.FirstOrDefault(one => one.Name == target.Name)?.Worst;
        return target.Value is not { } value ? last : target.IsMissed ? Math.Max(value, last ?? value) : null;
    }

    private static double? Requests(List<GoalTarget> targets, IReadOnlyDictionary<string, TargetReading> readings)
    {
        var known = targets.Select(target => readings.GetValueOrDefault(target.Name)?.RequestsPerSecond).Where(one => one is not null).ToList();
        return known.Count == targets.Count ? known.Sum() : null;
    }

    private static double? Smoothed(double? usual, double? current)
    {
        if (current is not { } now || usual is not { } known)
            return usual ?? current;
        // A look every 2 s; the mean of a minute follows by a thirtieth each.
        var weight = 1 - Math.Exp(-2 / Memory.TotalSeconds);
        return known + (weight * (now - known));
    }

    private static string Reason(HealingGoal goal, List<GoalTarget> targets, bool isMissed, string? unknown, TimeSpan? missedFor)
    {
        if (!isMissed)
            return unknown is null ? "It is met." : $"It cannot be measured: {unknown}.";
        var what = goal.Combine == GoalCombinations.Sum ? $"together they have {GoalMeasure.Format(goal, targets.Sum(target => target.Value ?? 0))}"
            : string.Join(", ", targets.Where(target => target.IsMissed).Select(target => target.IsIdle ? $"{target.Why}, and fewer pods would do" : target.Why).Take(4));
        return string.Create(CultureInfo.InvariantCulture, $"It is missed for {missedFor?.TotalSeconds:0} s, and counts as violated after {GoDuration.Format(goal.EffectiveSettle)}: {what}.");
    }

    private static JudgedGoal Show(JudgedGoal judged, JudgedGoal? before, DateTimeOffset now)
    {
        if (before is { Shown: { } shown } && shown.State == judged.State && now - before.ShownAt < ShowEvery)
            return judged with { Shown = shown, ShownAt = before.ShownAt };
        var value = judged.Goal.Combine == GoalCombinations.Sum
            ? judged.Targets.Any(target => target.Value is null) ? null : judged.Targets.Sum(target => target.Value)
            : judged.Targets.Where(target => target.Value is not null).OrderByDescending(target => target.IsMissed).ThenByDescending(target => target.Value).FirstOrDefault()?.Value;
        return judged with
        {
            ShownAt = now,
            Shown = new()
            {
                Name = judged.Goal.Name,
                State = judged.State,
                Value = value is { } known ? GoalMeasure.Format(judged.Goal, known) : null,
                Limit = judged.Goal.Type == GoalTypes.Ready ? "all pods" : GoalMeasure.Format(judged.Goal, GoalMeasure.LimitOf(judged.Goal)),
                Reason = judged.Reason,
                Since = new DateTime(judged.Since.UtcTicks - (judged.Since.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc),
                RequestsWhenMet = judged.RequestsWhenMet is { } usual ? Math.Round(usual) : null,
            },
        };
    }

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
