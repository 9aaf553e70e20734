using Ops.Api;

namespace Ops.Bench.Healing.Acv;

/// <summary>Level 2: one goal each, for one service and for a group; the oracle looks at the service, not at the goal's state.</summary>
internal sealed class AcvObjectives(AcvWorld acv)
{
    private const int ManyUsers = 60;

    /// <summary>For one service.</summary>
    public IReadOnlyList<(string Name, Func<CancellationToken, Task<(bool, string)>> Run)> Single =>
    [
        ("health check", stop => HealthAsync([AcvWorld.Service], stop)),
        ("performance check", PerformanceAsync),
        ("autoscale", AutoscaleAsync),
        ("99th percentile below 300 ms", stop => SlowAsync(AcvGoals.P99(300, AcvWorld.Service), 300, [AcvWorld.Service], stop)),
        ("processor below 30 %", stop => CalmAsync([AcvWorld.Service], stop)),
    ];

    /// <summary>For a group.</summary>
    public IReadOnlyList<(string Name, Func<CancellationToken, Task<(bool, string)>> Run)> Manager =>
    [
        ("latency and processor of one service", PerformanceAsync),
        ("99th percentiles of two together below 400 ms", stop => SlowAsync(AcvGoals.TotalP99(400, AcvWorld.Group), 400, AcvWorld.Group, stop)),
        ("processor of each below 30 %", stop => CalmAsync(AcvWorld.Group, stop)),
    ];

    private async Task<(bool, string)> HealthAsync(IReadOnlyList<string> targets, CancellationToken cancellation)
    {
        await acv.GoalsAsync([AcvGoals.Ready(targets)], cancellation);
        await acv.World.UntilAsync("the check says something", () => acv.Goal("ready")?.State == GoalStates.Met, cancellation);
        return (targets.All(target => acv.World.Deployment(target)?.Status?.ReadyReplicas == acv.World.Deployment(target)?.Spec.Replicas), $"{acv.Goal("ready")?.Value}");
    }

    private async Task<(bool, string)> PerformanceAsync(CancellationToken cancellation)
    {
        var (cpu, cpuNote) = await AcvReports.CpuAsync(acv, AcvWorld.Service, cancellation);
        var (p99, p99Note) = await AcvReports.P99Async(acv, AcvWorld.Service, cancellation);
        return (cpu && p99, $"{cpuNote}; {p99Note}");
    }

    private async Task<(bool, string)> AutoscaleAsync(CancellationToken cancellation)
    {
        await acv.GoalsAsync([AcvGoals.Autoscale(40, AcvWorld.Service)], cancellation);
        await acv.UsersAsync(ManyUsers, cancellation);
        await acv.World.UntilAsync("it is scaled up", () => acv.World.Deployment(AcvWorld.Service)?.Status?.ReadyReplicas > 1, cancellation);
        var busy = acv.World.Deployment(AcvWorld.Service)?.Spec.Replicas;
        await acv.UsersAsync(0, cancellation);
        await acv.World.UntilAsync("it is scaled down", () => acv.World.Deployment(AcvWorld.Service) is { Spec.Replicas: 1, Status.Replicas: 1 }, cancellation);
        return (busy > 1, $"{busy} pods with {ManyUsers} users, 1 without");
    }

    private async Task<(bool, string)> SlowAsync(HealingGoal goal, int milliseconds, IReadOnlyList<string> targets, CancellationToken cancellation)
    {
        await acv.GoalsAsync([goal], cancellation);
        await acv.World.UntilAsync("the goal is met before", () => acv.Goal(goal.Name)?.State == GoalStates.Met, cancellation);
        await acv.World.BreakAsync(AcvWorld.Service, "slow-dependency", cancellation);
        await acv.World.UntilAsync("the goal is violated", () => acv.Goal(goal.Name)?.State == GoalStates.Violated, cancellation);
        await acv.World.UntilAsync("the goal is met again", () => acv.Goal(goal.Name)?.State == GoalStates.Met, cancellation);
        double total = 0;
        foreach (var target in targets)
            total += (await AcvReading.OfAsync(acv, target, cancellation)).P99Milliseconds;
        return (total < milliseconds, $"{total:0} ms afterwards; {acv.Story()}");
    }

    private async Task<(bool, string)> CalmAsync(IReadOnlyList<string> targets, CancellationToken cancellation)
    {
        await acv.UsersAsync(ManyUsers, cancellation);
        await acv.GoalsAsync([AcvGoals.Cpu(30, targets)], cancellation);
        await acv.World.UntilAsync("the goal is violated", () => acv.Goal("cpu")?.State == GoalStates.Violated, cancellation);
        await acv.World.UntilAsync("the goal is met", () => acv.Goal("cpu")?.State == GoalStates.Met, cancellation);
        var seen = new List<AcvReading>();
        foreach (var target in targets)
            seen.Add(await AcvReading.OfAsync(acv, target, cancellation));
        return (seen.TrueForAll(one => one.CpuPercent < 30), string.Join(", ", seen.Select(one => $"{one.CpuPercent:0}% on {one.Ready} pods")));
    }
}
