using Ops.Api;
using Ops.HealingScenario;
using Ops.Sandbox.ShopPlan;

namespace Ops.Bench.Healing;

/// <summary>
/// The same faults with a simulated language model beside the rules, of each character in turn: it is asked for every finding,
/// and its plans compete with the rules' plan. Healed must not be less than by rules alone.
/// </summary>
internal static class ModelRuns
{
    // A third of the faults each, taken so that two characters do not get the same: all would take half an hour.
    private const int Every = 3;

    /// <summary>Runs them and adds their figures.</summary>
    /// <param name="context">Where to report.</param>
    /// <param name="world">A world that is well.</param>
    /// <param name="byRules">The faults and how they came out by rules alone.</param>
    /// <param name="anew">Replaces a world that a fault has left broken.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The world that is left.</returns>
    public static async Task<HealingWorld> RunAsync(
        BenchContext context, HealingWorld world, IReadOnlyList<(ObjectFault Fault, FaultOutcome ByRules)> byRules, Func<HealingWorld, CancellationToken, Task<HealingWorld>> anew, CancellationToken cancellation)
    {
        var (strays, taken, place) = (0, 0, 0);
        foreach (var character in ModelCharacter.All)
        {
            await using var model = await ScriptedModel.StartAsync(character, cancellation);
            await world.UseModelAsync(model.Endpoint, cancellation);
            var mine = context.Quick ? [byRules[place % byRules.Count]] : byRules.Where((_, i) => i % Every == place % Every).ToList();
            place++;
            var (healed, before) = (0, 0);
            foreach (var (fault, alone) in mine)
            {
                var known = world.Remediations().Select(one => one.Metadata.Uid).ToHashSet();
                var outcome = await FaultRun.HealAsync(world, fault, TimeProvider.System, cancellation);
                healed += outcome.Healed ? 1 : 0;
                before += alone.Healed ? 1 : 0;
                strays += outcome.Collateral;
                context.Say($"{character.Name} model, {fault.Name}: {(outcome.Healed ? $"healed in {outcome.Seconds:0.0} s" : "NOT HEALED")}; {outcome.Story}");
                taken += world.Remediations().Count(one => one.Spec.Planner == RemediationPlanners.Llm && !known.Contains(one.Metadata.Uid));
                if (outcome.Healed)
                    continue;
                world = await anew(world, cancellation);
                await world.UseModelAsync(model.Endpoint, cancellation);
            }

            context.Figures.Add($"healed_llm_{character.Name}", (double)healed / mine.Count, "", $"of {mine.Count} faults, with the simulated {character.Name} model beside the rules; {before} by rules alone; {model.Asked} questions");
        }

        context.Figures.Add("llm_unsafe_writes", strays, "", "objects other than the one at fault that differ in the end or that a plan named, over all models");
        context.Figures.Add("llm_plans_taken", taken, "", "plans of the models that ran");
        return world;
    }
}
