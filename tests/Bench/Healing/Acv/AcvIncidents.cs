using Ops.Api;
using Ops.Healing.Detection;
using Ops.HealingScenario;

namespace Ops.Bench.Healing.Acv;

/// <summary>
/// Levels 3 to 5: only the objective is given, and something happens. Detected (3), the cause named where it is (4), everything
/// as the objective wants it again (5).
/// </summary>
internal sealed class AcvIncidents(AcvWorld acv)
{
    private const int ManyUsers = 100;

    private HealingWorld World => acv.World;

    /// <summary>What happens: its name, the cause, what is done.</summary>
    public IReadOnlyList<(string Name, string Cause, Func<CancellationToken, Task> Do)> All =>
    [
        ("pod fails by a broken image", Causes.BadImage, stop => acv.KubectlAsync(["set", "image", $"deployment/{AcvWorld.Service}", "shop=ops.autonomic.dev/shop:broken"], stop)),
        ("processor is stressed", Causes.ProcessorStressed, stop => World.BreakAsync(AcvWorld.Service, "cpu-hog", stop)),
        ("traffic rises from 20 to 100 users", Causes.LoadRose, stop => acv.UsersAsync(ManyUsers, stop)),
    ];

    /// <summary>Lets one happen under the objective of one service or of the group.</summary>
    public async Task<IReadOnlyList<AcvGrade>> RunAsync((string Name, string Cause, Func<CancellationToken, Task> Do) one, bool isManager, CancellationToken cancellation)
    {
        IReadOnlyList<string> targets = isManager ? AcvWorld.Group : [AcvWorld.Service];
        var known = World.Incidents().Select(incident => incident.Metadata.Name).ToHashSet();
        await acv.GoalsAsync(AcvGoals.Objective(targets), cancellation);
        var before = await EndsAsync(AllMet, cancellation);
        if (!before)
            return Grades(one.Name, isManager, false, false, false, $"the objective was not met before: {acv.Story()}");
        await one.Do(cancellation);
        IEnumerable<Incident> New() => World.Incidents().Where(incident => !known.Contains(incident.Metadata.Name) && incident.Status?.Reason is not null);
        var detected = await EndsAsync(() => New().Any(incident => targets.Any(target => incident.Status!.Cause == $"{HealingWorld.Ns}/{target}")), cancellation);
        // A goal counts as violated a moment after its incident begins, so that all goals are met says nothing by itself.
        var healed = detected && await EndsAsync(() => New().All(incident => incident.Status!.Phase == IncidentPhases.Resolved) && World.IsHealthy() && AllMet() && World.Remediations().All(plan => RemediationPhases.IsFinal(plan.Status?.Phase)), cancellation);
        var named = New().Any(incident => incident.Status!.Cause == $"{HealingWorld.Ns}/{AcvWorld.Service}" && incident.Status.Reason!.StartsWith(one.Cause + ":", StringComparison.Ordinal))
            && New().All(incident => incident.Status!.Reason!.StartsWith(one.Cause + ":", StringComparison.Ordinal));
        var seen = new List<AcvReading>();
        foreach (var target in targets)
            seen.Add(await AcvReading.OfAsync(acv, target, cancellation));
        var well = healed && seen.TrueForAll(reading => reading is { Ready: > 0, CpuPercent: < 50, MemoryPercent: < 50, P99Milliseconds: < 200 });
        var story = string.Join("; ", New().Select(incident => incident.Status!.Reason).Concat(seen.Select(reading => $"{reading.Ready} pods, {reading.CpuPercent:0}% cpu, {reading.MemoryPercent:0}% memory, p99 {reading.P99Milliseconds:0} ms")));
        return Grades(one.Name, isManager, detected, named, well, $"{story}; {acv.Story()}");
    }

    private static IReadOnlyList<AcvGrade> Grades(string name, bool isManager, bool detected, bool named, bool healed, string note) =>
        [new(3, isManager, name, detected, note), new(4, isManager, name, named, note), new(5, isManager, name, healed, note)];

    private bool AllMet() => World.Policy() is { Spec.Goals.Count: var wanted, Status: { Goals: { } goals } status } policy && status.ObservedGeneration == policy.Metadata.Generation && goals.Count == wanted && goals.All(goal => goal.State == GoalStates.Met);

    private Task<bool> EndsAsync(Func<bool> holds, CancellationToken cancellation) => FaultRun.EndsAsync(World, holds, cancellation);
}
