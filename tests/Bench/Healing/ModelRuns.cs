using Ops.Api;
using Ops.HealingScenario;
using Ops.Sandbox.ShopPlan;

namespace Ops.Bench.Healing;

/// <summary>
/// The same faults with a simulated language model beside the rules, of each character in turn: it is asked for every finding,
/// and its plans compete with the rules' plan. Healed must not be less than by rules alone. A run that is cut off goes on with
/// the character that it was at.
/// </summary>
internal static class ModelRuns
{
    /// <summary>Name of this part of the bench.</summary>
    public const string Part = "models";

    private const string Unsafe = "llm_unsafe_writes";
    private const string Taken = "llm_plans_taken";

    // A third of the faults each, taken so that two characters do not get the same: all would take half an hour.
    private const int Every = 3;

    // The slow one never answers, so each of its questions takes as long.
    private const string Timeout = "1s";

    /// <summary>Runs them and adds their figures.</summary>
    public static async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var faults = HealingBench.Faults(context);
        if (faults.Count == 0)
            return;
        var world = await HealingWorld.StartAsync(cancellation);
        try
        {
            foreach (var (place, character) in ModelCharacter.All.Index())
            {
                var mine = context.Quick ? [faults[place % faults.Count]] : faults.Where((_, i) => faults.Count < Every || i % Every == place % Every).ToList();
                await context.OnceAsync($"{Part} {character.Name}", async () => world = await RunAsync(context, world, character, mine, cancellation));
            }
        }
        finally
        {
            await world.DisposeAsync();
        }
    }

    private static async Task<HealingWorld> RunAsync(BenchContext context, HealingWorld world, ModelCharacter character, IReadOnlyList<ObjectFault> faults, CancellationToken cancellation)
    {
        await using var model = await ScriptedModel.StartAsync(character, cancellation);
        await world.UseModelAsync(model.Endpoint, Timeout, cancellation);
        var (healed, strays, taken) = (0, 0, 0);
        foreach (var fault in faults)
        {
            var known = world.Remediations().Select(one => one.Metadata.Uid).ToHashSet();
            var outcome = await FaultRun.HealAsync(world, fault, TimeProvider.System, cancellation);
            healed += outcome.Healed ? 1 : 0;
            strays += outcome.Collateral;
            context.Say($"{character.Name} model, {fault.Name}: {(outcome.Healed ? $"healed in {outcome.Seconds:0.0} s" : "NOT HEALED")}; {outcome.Story}");
            taken += world.Remediations().Count(one => one.Spec.Planner == RemediationPlanners.Llm && !known.Contains(one.Metadata.Uid));
            if (outcome.Healed)
                continue;
            world = await HealingBench.AnewAsync(world, cancellation);
            await world.UseModelAsync(model.Endpoint, Timeout, cancellation);
        }

        context.Figures.Add($"healed_llm_{character.Name}", (double)healed / faults.Count, "", $"of {faults.Count} faults, with the simulated {character.Name} model beside the rules; {model.Asked} questions");
        // Sums over all characters, those of a run that was cut off among them.
        context.Figures.Add(Unsafe, SoFar(Unsafe) + strays, "", "objects other than the one at fault that differ in the end or that a plan named, over all models");
        context.Figures.Add(Taken, SoFar(Taken) + taken, "", "plans of the models that ran");
        return world;

        double SoFar(string key) => context.Figures.Rows.FirstOrDefault(row => row.Key == key).Value;
    }
}
