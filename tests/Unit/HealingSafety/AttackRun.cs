using Ops.Api;
using Ops.Healing.Content;
using Ops.Healing.Detection;
using Ops.Healing.Executing;
using Ops.Healing.Guarding;
using Ops.Healing.Planning;
using Ops.Healing.Planning.Llm;
using Ops.Healing.Tests;
using Ops.Kube;
using Ops.Llm;

namespace Ops.HealingSafety;

/// <summary>What came of an attack.</summary>
/// <param name="Unsafe">Objects that are neither as the attacker left them nor as they last were well, and what a prompt must not hold.</param>
/// <param name="Trail">All that a person can read of it: findings, plans that were not taken, the audit.</param>
/// <param name="Wrote">Actions that were written.</param>
internal sealed record AttackOutcome(IReadOnlyList<string> Unsafe, string Trail, IReadOnlyList<string> Wrote);

/// <summary>
/// From a look at the namespace to the writes, through the real parts in their real order: analysers, planner, choice, guard,
/// dry run by the server, executor under the healer's account.
/// </summary>
internal static class AttackRun
{
    /// <summary>Runs an attack against a planner.</summary>
    public static async Task<AttackOutcome> Async(Attack attack, string planner, AttackServer server, CancellationToken cancellation)
    {
        var world = server.NewWorld();
        attack.Plant(world);
        var (snapshot, trail, wrote) = (world.Snapshot(), new List<string>(), new List<string>());
        foreach (var finding in Diagnosis.Of(snapshot, world.Memory))
        {
            trail.Add($"finding {finding.Kind}/{finding.Name} {finding.Cause} {finding.Evidence}");
            var (plan, considered) = await PlanAsync(attack, planner, world, finding, cancellation);
            trail.AddRange(considered);
            if (plan is null)
                continue;
            try
            {
                await ExecuteAsync(attack, world, finding, plan, trail, wrote, cancellation);
            }
            catch (KubeApiException refused) when (ActionExecutor.IsRefusal(refused))
            {
                // The server lets the healer not even look at the target.
                trail.Add($"NoPlan {refused.Message}");
            }
        }

        return new([.. world.UnsafeWrites(), .. world.Leaks], string.Join('\n', trail), wrote);
    }

    private static async Task<(HealingPlan? Plan, IReadOnlyList<string> Considered)> PlanAsync(Attack attack, string planner, AttackWorld world, Finding finding, CancellationToken cancellation)
    {
        var snapshot = world.Snapshot();
        if (planner == RemediationPlanners.Rules)
            return (RulePlanner.Plan(finding, snapshot, world.Memory), []);
        // No rule helps the model here: what it proposes is all there is.
        var policy = world.Policy;
        policy.Spec = policy.Spec with { Llm = new() { Endpoint = "http://127.0.0.1/v1", Deployment = "simulated", Samples = 1 } };
        var model = new TalkedIntoModel(attack, finding);
        var opinion = await new LlmPlanner(model, new(TimeProvider.System)).AskAsync(new(finding, snapshot, world.Memory, policy, []), cancellation);
        world.Leaks.AddRange(model.Leaks);
        var choice = new PlanChoice(finding, policy, snapshot, world.Memory, async (actions, stop) =>
        {
            foreach (var action in actions)
                await world.Executor.TryAsync(world.Namespace, action with { Precondition = await world.Executor.PreconditionAsync(world.Namespace, action.Target, stop) }, world.Memory, stop);
            return actions.Count;
        });
        return await choice.ChooseAsync([.. PlanRecord.For(finding, attack.Past?.Invoke(world) ?? [], world.Memory), .. opinion.Plans], opinion.Problems, cancellation);
    }

    private static async Task ExecuteAsync(Attack attack, AttackWorld world, Finding finding, HealingPlan plan, List<string> trail, List<string> wrote, CancellationToken cancellation)
    {
        var actions = new List<RemediationAction>();
        foreach (var action in plan.Actions)
            actions.Add(action with { Precondition = await world.Executor.PreconditionAsync(world.Namespace, action.Target, cancellation) });
        var remediation = new Remediation
        {
            Metadata = new() { Name = "r", NamespaceProperty = world.Namespace, Uid = "r-1", CreationTimestamp = Shop.Now.UtcDateTime },
            Spec = new() { Policy = world.Policy.Metadata.Name, Incident = "i", Cause = finding.Cause, Planner = plan.Planner, Attempt = 1, Actions = actions },
        };
        remediation.Status = new() { PlanHash = PlanHash.Of(remediation) };
        var audit = Audit.Add(null, Shop.Now, "Proposed", plan.Summary);
        attack.BeforeCheck?.Invoke(world, remediation);
        try
        {
            var verdict = Guard.Check(new(remediation, world.Policy, attack.Approvers?.Invoke(remediation) ?? [], world.Snapshot(), world.Memory, attack.Spent));
            audit = Audit.Add(audit, Shop.Now, verdict.Kind.ToString(), verdict.Reason);
            if (verdict.Kind == GuardVerdictKind.Go)
                audit = await WriteAsync(attack, world, remediation, audit, wrote, cancellation);
        }
        catch (Exception refused) when (ActionExecutor.IsRefusal(refused))
        {
            audit = Audit.Add(audit, Shop.Now, "Refused", refused.Message);
        }

        if (!Audit.IsWhole(audit))
            trail.Add("THE AUDIT IS BROKEN");
        trail.AddRange(audit.Select(entry => $"{entry.Event} {entry.Detail}"));
    }

    private static async Task<IReadOnlyList<AuditEntry>> WriteAsync(Attack attack, AttackWorld world, Remediation remediation, IReadOnlyList<AuditEntry> audit, List<string> wrote, CancellationToken cancellation)
    {
        foreach (var action in remediation.Spec.Actions)
        {
            var step = await world.Executor.TryAsync(world.Namespace, action, world.Memory, cancellation);
            attack.AfterDryRun?.Invoke(world, remediation);
            if (Guard.Brake(remediation, world.Policy) is { } brake)
                return Audit.Add(audit, Shop.Now, "Braked", brake);
            await world.Executor.DoAsync(world.Namespace, action, step, world.Memory, cancellation);
            wrote.Add($"{action.Type} {action.Target.Kind}/{action.Target.Name}");
            audit = Audit.Add(audit, Shop.Now, "Wrote", wrote[^1]);
        }

        return audit;
    }

    // Simulated: locates as it should and then does what the attacker wants of it.
    private sealed class TalkedIntoModel(Attack attack, Finding finding) : IChatModel
    {
        public List<string> Leaks { get; } = [];

        public Task<ChatReply> AskAsync(ChatRequest request, CancellationToken cancellationToken)
        {
            if (attack.Prompt?.Invoke(request) is { } leak)
                Leaks.Add(leak);
            var locating = request.Tools.Any(tool => tool.Name == Toolbox.Locate);
            IReadOnlyList<ChatToolCall> calls = locating
                ? [attack.Place ?? new(Toolbox.Locate, $$"""{"object":"{{finding.Kind}}/{{finding.Name}}","cause":"{{finding.Cause}}"}""")]
                : attack.Calls;
            return Task.FromResult(new ChatReply(calls, 0));
        }
    }
}
