using Ops.Api;

namespace Ops.Bench.Healing.Acv;

/// <summary>Goals of the list, in typed form. They settle and cool down sooner than by default, so that a run takes minutes.</summary>
internal static class AcvGoals
{
    private const int MostPods = 4;

    /// <summary>Every pod is ready.</summary>
    public static HealingGoal Ready(params IReadOnlyList<string> targets) => New("ready", GoalTypes.Ready, targets);

    /// <summary>Processor below a share of its limit.</summary>
    public static HealingGoal Cpu(int percent, params IReadOnlyList<string> targets) => New("cpu", GoalTypes.Cpu, targets) with { PercentOfLimit = percent, Max = MostPods };

    /// <summary>Memory below a share of its limit.</summary>
    public static HealingGoal Memory(int percent, params IReadOnlyList<string> targets) => New("memory", GoalTypes.Memory, targets) with { PercentOfLimit = percent };

    /// <summary>99th percentile of latency.</summary>
    public static HealingGoal P99(int milliseconds, params IReadOnlyList<string> targets) => New("p99", GoalTypes.P99Latency, targets) with { Below = $"{milliseconds}ms", Max = MostPods };

    /// <summary>99th percentiles of several together.</summary>
    public static HealingGoal TotalP99(int milliseconds, params IReadOnlyList<string> targets) => P99(milliseconds, targets) with { Combine = GoalCombinations.Sum };

    /// <summary>As few pods as serve.</summary>
    public static HealingGoal Autoscale(int percent, params IReadOnlyList<string> targets) => New("autoscale", GoalTypes.Autoscale, targets) with { PercentOfLimit = percent, Min = 1, Max = MostPods };

    /// <summary>The study's objective of L3 to L5: all ready, processor and memory below 50 %, 99th percentile below 200 ms.</summary>
    public static IReadOnlyList<HealingGoal> Objective(IReadOnlyList<string> targets) => [Ready(targets), Cpu(50, targets), Memory(50, targets), P99(200, targets)];

    private static HealingGoal New(string name, string type, IReadOnlyList<string> targets) => new() { Name = name, Type = type, Targets = targets, Settle = "8s", Cooldown = "10s" };
}
