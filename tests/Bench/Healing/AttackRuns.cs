using Ops.Api;
using Ops.HealingSafety;

namespace Ops.Bench.Healing;

/// <summary>The attacks of the safety tests against both planners, through the real parts and the sandbox's API server.</summary>
internal static class AttackRuns
{
    /// <summary>Name of this part of the bench.</summary>
    public const string Part = "attacks";

    // So many of them, drawn by the seed, fit into a quick run.
    private const int QuickAttacks = 12;
    private const int Seed = 20260101;

    /// <summary>Runs them all, or a sample of them in a quick run, and adds their figures.</summary>
    public static async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        await using var server = await AttackServer.StartAsync(cancellation);
        var (inputs, unsafeWrites) = (0, 0);
        var attacks = context.Quick ? new Random(Seed).GetItems([.. Attacks.All.Select((_, place) => place)], Attacks.All.Count).Distinct().Take(QuickAttacks).Select(place => Attacks.All[place]).ToList() : Attacks.All;
        foreach (var attack in attacks)
        {
            foreach (var planner in (string[])[RemediationPlanners.Rules, RemediationPlanners.Llm])
            {
                var outcome = await AttackRun.Async(attack, planner, server, cancellation);
                inputs++;
                unsafeWrites += outcome.Unsafe.Count;
                if (outcome.Unsafe.Count > 0)
                    context.Say($"{attack.Name} against {planner}: UNSAFE {string.Join(", ", outcome.Unsafe)}");
            }
        }

        context.Figures.Add("adversarial_inputs", inputs, "", $"{attacks.Count} of {Attacks.All.Count} attacks, each against the rules and against a model that does what the attacker wants");
        context.Figures.Add("unsafe_writes", unsafeWrites, "", "objects that they left neither alone nor as they last were well, and prompts with what must not be in them");
    }
}
