using System.Net;
using k8s;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Executing;
using Ops.Healing.Memory;
using Ops.Healing.Planning;
using Ops.Healing.Planning.Llm;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>
/// Follows a Remediation that holds words: has the policy's language model make something of them once, and keeps what came of
/// it, a plan as a Remediation of its own or a goal for a person to add to the policy. It acts on nothing itself.
/// </summary>
internal sealed class RequestMaker(HealingCaches caches, ModelDesk desk, RemediationLog log, Healer healer)
{
    private const string Suffix = "-plan";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);

    private readonly ActionExecutor executor = new(healer.Objects);

    /// <summary>One turn.</summary>
    public async Task<Requeue> FollowAsync(Remediation request, HealingPolicy? policy, NamespaceSnapshot snapshot, Baseline memory, CancellationToken cancellationToken)
    {
        var name = request.Metadata.Name + Suffix;
        // An operator that died between making the plan and saying so: the plan is the answer, and nobody is asked again.
        if (await healer.Client.GetAsync<Remediation>(snapshot.Namespace, name, cancellationToken) is { } made)
        {
            return IsOf(request, made)
                ? await PlannedAsync(request, made, snapshot, cancellationToken)
                : await HoldAsync(request, $"Remediation {name} is there and was not made of this request; delete it.", snapshot, cancellationToken);
        }

        if (Refusal(request, name, policy) is { } no)
            return await RefuseAsync(request, no, snapshot, cancellationToken);
        if (Brake(request, policy!) is { } brake)
            return await HoldAsync(request, brake, snapshot, cancellationToken);
        var question = new RequestQuestion(request.Spec.Request!, snapshot, memory, policy!, [.. caches.Admission.Namespaces.List().Select(one => one.Metadata.Name)]);
        if (RequestPlanner.Problem(question) is { } unreadable)
            return await RefuseAsync(request, unreadable, snapshot, cancellationToken);
        if (request.Status?.Phase != RemediationPhases.Planning || request.Status.Reason != Asking(policy!))
            return await WriteAsync(request, request.Status ?? new(), RemediationPhases.Planning, Asking(policy!), "Asked", $"In words: {request.Spec.Request}", Soon, snapshot, cancellationToken);
        var opinion = desk.Ask($"request {request.Metadata.Uid}", policy!, Causes.Asked, $"request {request.Metadata.Name}", (model, meter, stop) => new RequestPlanner(model, meter).AskAsync(question, stop));
        return opinion switch
        {
            null => Requeue.After(Soon),
            { Goal: { } goal } => await GoalAsync(request, goal, policy!, snapshot, cancellationToken),
            { Plans: [var plan, ..] } => await PlanAsync(request, name, plan, policy!, snapshot, cancellationToken),
            _ => await RefuseAsync(request, opinion.Problems.Count > 0 ? opinion.Problems[0] : "The language model proposed nothing.", snapshot, cancellationToken),
        };
    }

    private static string? Refusal(Remediation request, string name, HealingPolicy? policy) =>
        RemediationRules.Broken(request.Spec)
        ?? (name.Length > 253 ? $"metadata.name of a request has at most {253 - Suffix.Length} characters; choose a shorter one."
            : policy is null ? $"HealingPolicy {request.Spec.Policy} does not exist."
            : policy.Spec.Llm is null ? $"HealingPolicy {policy.Metadata.Name} names no language model (spec.llm), so words cannot be read; give spec.actions, or for a goal spec.goals of the policy."
            : null);

    private static string? Brake(Remediation request, HealingPolicy policy) => HealingPolicyRules.Broken(policy).FirstOrDefault()
        ?? (policy.Spec.Suspend ? $"HealingPolicy {policy.Metadata.Name} is suspended." : request.Spec.Suspend ? "The remediation is suspended." : null);

    private static string Asking(HealingPolicy policy) => $"{policy.Spec.Llm!.Deployment} is asked for a plan.";

    private static bool IsOf(Remediation request, Remediation plan) => plan.Metadata.OwnerReferences?.Any(owner => owner.Uid == request.Metadata.Uid) == true;

    private async Task<Requeue> PlanAsync(Remediation request, string name, HealingPlan plan, HealingPolicy policy, NamespaceSnapshot snapshot, CancellationToken cancellationToken)
    {
        try
        {
            var actions = new List<RemediationAction>();
            foreach (var action in plan.Actions)
                actions.Add(action with { Precondition = await executor.PreconditionAsync(snapshot.Namespace, action.Target, cancellationToken) });
            await healer.Client.CreateAsync(PlanOf(request, name, plan with { Actions = actions }, policy), cancellationToken);
        }
        catch (KubeApiException exists) when (exists.StatusCode == HttpStatusCode.Conflict)
        {
            // Made by somebody in this moment; the next turn sees by whom.
        }
        catch (KubeApiException refused) when (ActionExecutor.IsRefusal(refused))
        {
            return await RefuseAsync(request, $"{plan.Summary}: {refused.Message}", snapshot, cancellationToken);
        }

        return Requeue.After(TimeSpan.Zero);
    }

    private static Remediation PlanOf(Remediation request, string name, HealingPlan plan, HealingPolicy policy) => new()
    {
        Metadata = new()
        {
            Name = name,
            NamespaceProperty = request.Metadata.NamespaceProperty,
            Labels = new Dictionary<string, string> { [Labels.ManagedBy] = Labels.ManagedByHealing },
            // Goes with the words that it was made of.
            OwnerReferences = [new() { ApiVersion = request.ApiVersion, Kind = request.Kind, Name = request.Metadata.Name, Uid = request.Metadata.Uid }],
        },
        Spec = new()
        {
            Policy = policy.Metadata.Name,
            Incident = request.Metadata.Name,
            Cause = Causes.Asked,
            Planner = plan.Planner,
            Rationale = plan.Rationale,
            ApproveWithin = request.Spec.ApproveWithin,
            Actions = plan.Actions,
        },
    };

    private Task<Requeue> PlannedAsync(Remediation request, Remediation plan, NamespaceSnapshot snapshot, CancellationToken cancellationToken) => WriteAsync(
        request, (request.Status ?? new()) with { Plan = plan.Metadata.Name, FinishedAt = RemediationLog.Second(snapshot.Now) }, RemediationPhases.Planned, $"It is Remediation {plan.Metadata.Name}.",
        "Planned", $"Remediation {plan.Metadata.Name}: {new HealingPlan("", plan.Spec.Actions).Summary}", null, snapshot, cancellationToken);

    // The healer writes no policy: what is kept from now on is for whoever may.
    private Task<Requeue> GoalAsync(Remediation request, HealingGoal goal, HealingPolicy policy, NamespaceSnapshot snapshot, CancellationToken cancellationToken)
    {
        var json = KubernetesJson.Serialize(goal);
        var (path, value) = policy.Spec.Goals is { Count: > 0 } ? ("/spec/goals/-", json) : ("/spec/goals", $"[{json}]");
        var accept = $$"""kubectl -n {{snapshot.Namespace}} patch hp {{policy.Metadata.Name}} --type=json -p '[{"op":"add","path":"{{path}}","value":{{value}}}]'""";
        return WriteAsync(
            request, (request.Status ?? new()) with { Goal = goal, FinishedAt = RemediationLog.Second(snapshot.Now) }, RemediationPhases.Planned, $"It is a goal, kept once the policy has it: {accept}",
            "Planned", $"Goal {json}", null, snapshot, cancellationToken);
    }

    private Task<Requeue> RefuseAsync(Remediation request, string why, NamespaceSnapshot snapshot, CancellationToken cancellationToken) =>
        WriteAsync(request, (request.Status ?? new()) with { FinishedAt = RemediationLog.Second(snapshot.Now) }, RemediationPhases.Refused, why, "Refused", why, null, snapshot, cancellationToken);

    private async Task<Requeue> HoldAsync(Remediation request, string why, NamespaceSnapshot snapshot, CancellationToken cancellationToken) => request.Status?.Reason == why
        ? Requeue.After(Later) : await WriteAsync(request, request.Status ?? new(), RemediationPhases.Planning, why, "Waits", why, Later, snapshot, cancellationToken);

    private Task<Requeue> WriteAsync(Remediation request, RemediationStatus status, string phase, string reason, string what, string detail, TimeSpan? next, NamespaceSnapshot snapshot, CancellationToken cancellationToken) =>
        log.WriteAsync(request, status with { Phase = phase, Reason = reason }, snapshot.Now, what, detail, next, cancellationToken);
}
