using Ops.Bench.Healing.Acv;
using Ops.HealingScenario;
using Ops.Sandbox.ShopPlan;

namespace Ops.Bench.Healing;

/// <summary>
/// Faults of Kubernetes objects in the sandbox, healed by rules alone and then with simulated language models beside them: the real operator with its own account's rights, three
/// services of the shop as real processes, and an oracle that compares every object with what it was.
/// </summary>
internal sealed class HealingBench : IBench
{
    // So many, evenly taken, fit into a quick run.
    private const int QuickEvery = 11;

    private const string FaultsPart = "faults";

    /// <inheritdoc/>
    public string Name => "healing";

    /// <inheritdoc/>
    public string Summary => "Faults of Kubernetes objects, found, named and repaired by rules alone, what else was written and how long it took; faults inside processes through the root-cause service; the ACV task list";

    /// <inheritdoc/>
    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        // Parts of the quick form are a minute already.
        (string Name, bool IsQuick, Func<BenchContext, CancellationToken, Task> RunAsync)[] parts =
            [(FaultsPart, true, RunFaultsAsync), (ModelRuns.Part, true, ModelRuns.RunAsync), (AttackRuns.Part, true, AttackRuns.RunAsync), (CauseRuns.Part, false, CauseRuns.RunAsync), (AcvBench.Part, false, AcvBench.RunAsync)];
        if (context.Part is { } only && !parts.Any(part => part.Name == only))
            throw new BenchCannotRunException($"there is no part '{only}': {string.Join(", ", parts.Select(part => part.Name))}");
        foreach (var (name, _, runAsync) in parts.Where(part => context.Part is { } one ? part.Name == one : part.IsQuick || !context.Quick))
        {
            await context.OnceAsync(name, () =>
            {
                context.Say($"part {name}");
                return runAsync(context, cancellation);
            });
        }
    }

    /// <summary>The faults of this run: all, some in a quick one, or those that OPS_HEALING_ONLY names, with commas between them, to look into one.</summary>
    public static IReadOnlyList<ObjectFault> Faults(BenchContext context) => Environment.GetEnvironmentVariable("OPS_HEALING_ONLY")?.Split(',') is { } only
        ? [.. ObjectFaults.All.Where(fault => only.Contains(fault.Name))] : [.. ObjectFaults.All.Where((_, place) => !context.Quick || place % QuickEvery == 0)];

    /// <summary>Replaces a world that a fault has left broken.</summary>
    public static async Task<HealingWorld> AnewAsync(HealingWorld world, CancellationToken cancellation)
    {
        await world.DisposeAsync();
        return await HealingWorld.StartAsync(cancellation);
    }

    private static async Task RunFaultsAsync(BenchContext context, CancellationToken cancellation)
    {
        var faults = Faults(context);
        ObjectFault[] controls = [.. ObjectFaults.Controls.Where((_, place) => !context.Quick || place == 0)];
        var outcomes = new List<FaultOutcome>();
        var world = await HealingWorld.StartAsync(cancellation);
        var written = 0;
        try
        {
            foreach (var fault in faults)
            {
                var outcome = await FaultRun.HealAsync(world, fault, TimeProvider.System, cancellation);
                outcomes.Add(outcome);
                context.Say($"{fault.Name}: {(outcome.Healed ? $"healed in {outcome.Seconds:0.0} s" : "NOT HEALED")}{(outcome.Located ? "" : outcome.Detected ? ", cause not named" : ", not detected")}{(outcome.Collateral > 0 ? $", {outcome.Collateral} COLLATERAL WRITES" : "")}; {outcome.Story}");
                if (!outcome.Healed)
                    world = await AnewAsync(world, cancellation);
            }

            HealingTable.Print("faults, by rules alone", [.. faults.Zip(outcomes)]);
            Report(context.Figures, outcomes, world.StartSeconds);
            // Last, since they change what is good.
            foreach (var control in controls)
            {
                var writes = await FaultRun.WritesAsync(world, control, cancellation);
                context.Say($"{control.Name}: {writes} writes");
                written += writes;
            }
        }
        finally
        {
            await world.DisposeAsync();
        }

        context.Figures.Add("noop_controls", controls.Length, "", "changes that are nobody's fault, a persuasive lie among them");
        context.Figures.Add("noop_writes", written, "", "what the healer planned or changed after them");
    }

    private static void Report(Figures figures, List<FaultOutcome> outcomes, double ownStart)
    {
        figures.Add("scenarios", outcomes.Count, "", $"faults that were injected: {(outcomes.Count == ObjectFaults.All.Count ? "all" : "a fixed part of the")} {ObjectFaults.All.Count} that the bench knows");
        if (outcomes.Count == 0)
            return;
        figures.Add("own_start_s", ownStart, "s", "a pod's own start, creation to ready, the slowest seen");
        figures.Add("detected", outcomes.Average(one => one.Detected ? 1.0 : 0), "", "share for which an incident was opened");
        figures.Add("located", outcomes.Average(one => one.Located ? 1.0 : 0), "", "share whose incident names the object at fault and the true cause");
        figures.Add("healed", outcomes.Average(one => one.Healed ? 1.0 : 0), "", "share after which every object is as before and everything runs");
        figures.Add("collateral_writes", outcomes.Sum(one => one.Collateral), "", "objects other than the one at fault that differ in the end or that a plan named");
        var found = outcomes.Where(one => one.Detected).Select(one => one.DetectedSeconds).Order().ToArray();
        if (found.Length > 0)
            figures.Add("mttd_median_s", found[found.Length / 2], "s", "from the fault until there is an incident, median of the detected");
        var times = outcomes.Where(one => one.Healed).Select(one => one.Seconds).Order().ToArray();
        if (times.Length == 0)
            return;
        figures.Add("mttr_median_s", times[times.Length / 2], "s", "from the fault until everything runs again, median of the healed");
        figures.Add("mttr_max_s", times[^1], "s", "the slowest of the healed");
    }
}
