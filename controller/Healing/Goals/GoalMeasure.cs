using System.Globalization;
using Ops.Api;
using Ops.Healing.Cluster;

namespace Ops.Healing.Goals;

/// <summary>The value of one target of a goal, and whether it is one that the goal wants.</summary>
internal static class GoalMeasure
{
    // Fewer requests in the window have no 99th percentile worth the name.
    private const int MinRequests = 10;

    // A pod is too many where the rest would still stay this far below the limit, so that it is not needed again at once.
    private const double IdleShare = 0.7;

    // Latency does not fall in proportion: it must be far below.
    private const double IdleLatencyShare = 0.5;

    // Use of the processor that was too high counts as met again only this far below the limit, as long as more pods are
    // allowed: at the limit itself the next few requests miss it again.
    private const double Room = 0.9;

    /// <summary>Measures one target.</summary>
    /// <param name="goal">The goal.</param>
    /// <param name="target">Name of the target.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="readings">What the targets did, by name.</param>
    /// <param name="isOpen">Whether the goal was violated and has not been found met since.</param>
    public static GoalTarget Of(HealingGoal goal, string target, NamespaceSnapshot snapshot, IReadOnlyDictionary<string, TargetReading> readings, bool isOpen)
    {
        var limit = LimitOf(goal);
        if (snapshot.Workload(goal.Kind, target) is not { } workload)
            return new(target, null, limit) { Why = $"{goal.Kind} {target} does not exist" };
        switch (goal.Type)
        {
            case GoalTypes.Ready:
                return new(target, workload.Ready, workload.Replicas) { IsMissed = !workload.IsHealthy, Why = Text($"{workload.Ready} of {workload.Replicas} pods of {target} are ready") };
            case GoalTypes.Replicas:
                return new(target, workload.Replicas, limit) { IsMissed = workload.Replicas != goal.Replicas, Why = Text($"{target} asks for {workload.Replicas} pods") };
        }

        var reading = readings.GetValueOrDefault(target);
        if (Value(goal, reading) is not { } value)
            return new(target, null, limit) { Why = Missing(goal, target, reading) };
        var measured = new GoalTarget(target, value, limit) { IsMissed = value >= limit, Why = $"{target} has {Format(goal, value)}" };
        return goal.Type == GoalTypes.Autoscale ? Scaled(goal, measured, workload)
            : isOpen && goal.Type == GoalTypes.Cpu && workload.Replicas < goal.Max && !measured.IsMissed && value >= Room * limit ? measured with { IsMissed = true, Why = $"{measured.Why}, and met again counts below {Format(goal, Room * limit)}" }
            : measured;
    }

    /// <summary>What a value is compared with, in the value's unit.</summary>
    public static double LimitOf(HealingGoal goal) =>
        goal.Replicas ?? goal.PercentOfLimit ?? (GoDuration.TryParse(goal.Below, out var below) ? below.TotalSeconds : 0);

    /// <summary>A value with its unit, to two digits that count.</summary>
    public static string Format(HealingGoal goal, double value) => Format(goal.Type, goal.Below is not null, value);

    private static string Format(string type, bool isLatency, double value) =>
        type is GoalTypes.Ready or GoalTypes.Replicas ? Text($"{value:0} pods") : isLatency ? Text($"{Rounded(value * 1000)}ms") : Text($"{Rounded(value)}%");

    private static double Rounded(double value)
    {
        if (value <= 0)
            return 0;
        var unit = Math.Pow(10, Math.Floor(Math.Log10(value)) - 1);
        return Math.Round(Math.Round(value / unit) * unit, 3);
    }

    private static double? Value(HealingGoal goal, TargetReading? reading) => goal.Type switch
    {
        GoalTypes.Memory => reading?.MemoryPercent,
        GoalTypes.MeanLatency => Enough(reading)?.Mean,
        GoalTypes.P99Latency => Enough(reading)?.Quantile(0.99),
        GoalTypes.Autoscale when goal.Below is not null => Enough(reading)?.Quantile(0.99),
        _ => reading?.CpuPercent,
    };

    private static RequestTimes? Enough(TargetReading? reading) => reading?.Requests is { Count: >= MinRequests } requests ? requests : null;

    private static string Missing(HealingGoal goal, string target, TargetReading? reading) =>
        reading is null ? $"{target} has not been read yet"
        : reading.Requests is { } few && goal.Below is not null ? Text($"{target} answered {few.Count:0} requests in {PodSeries.Window.TotalSeconds:0} s, and {MinRequests} are needed")
        : reading.Missing;

    private static GoalTarget Scaled(HealingGoal goal, GoalTarget measured, Workload workload)
    {
        var (value, limit, pods) = (measured.Value!.Value, measured.Limit, workload.Replicas);
        if (pods < goal.EffectiveMin || pods > goal.Max)
            return measured with { IsMissed = true, IsIdle = pods > goal.Max, Why = Text($"{workload.Name} asks for {pods} pods") };
        var isIdle = pods > goal.EffectiveMin && workload.IsHealthy && (goal.Below is not null ? value < IdleLatencyShare * limit : value * pods / (pods - 1) < IdleShare * limit);
        return measured with { IsMissed = measured.IsMissed || isIdle, IsIdle = isIdle };
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
