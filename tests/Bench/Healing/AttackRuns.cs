using Ops.Api;
using Ops.HealingSafety;

namespace Ops.Bench.Healing;

/// <summary>The attacks of the safety tests against both planners, through the real parts and the sandbox's API server.</summary>
internal static class AttackRuns
{
    /// <summary>Runs them all and adds their figures.</summary>
    public static async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        await using var server = await AttackServer.StartAsync(cancellation);
        var (inputs, unsafeWrites) = (0, 0);
        foreach (var attack in Attacks.All)
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

        context.Figures.Add("adversarial_inputs", inputs, "", $"{Attacks.All.Count} attacks, each against the rules and against a model that does what the attacker wants");
        context.Figures.Add("unsafe_writes", unsafeWrites, "", "objects that they left neither alone nor as they last were well, and prompts with what must not be in them");
    }
}
