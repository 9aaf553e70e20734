using System.Net;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Detection;
using Ops.Healing.Executing;
using Ops.Healing.Goals;
using Ops.Healing.Guarding;
using Ops.Healing.Memory;
using Ops.Healing.Planning;
using Ops.Kube;
using Ops.Llm;

namespace Ops.Operator.Healing;

/// <summary>
/// The agent of one plan: propose, check, do, verify, take back. Each turn does one thing and writes down what it did, so
/// that a restart goes on from there.
/// </summary>
internal sealed class RemediationReconciler(HealingCaches caches, NamespaceWatches watches, MemoryStore memories, RequestMaker requests, Probation probation, RemediationLog log, Healer healer, TimeProvider time) : IReconciler
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);

    // Watches lag behind each other, and files are applied in any order: a plan so young waits for its policy.
    private static readonly TimeSpan MadeTogether = TimeSpan.FromSeconds(10);

    // Time for pods to start, beside that for the symptom to stay away, before a repair that does not show is taken back.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // The root-cause service closes an incident once its metrics have been quiet for two minutes, and they are means of some time.
    private static readonly TimeSpan PatienceWithMetrics = TimeSpan.FromMinutes(6);

    private readonly ActionExecutor executor = new(healer.Objects);
    private readonly PlanBinding binding = new(new(healer.Objects));

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        // The cache may lag behind this reconciler's own last write, and a step must not be done twice: read anew.
        if (caches.Remediations.Get(key) is not { Metadata.DeletionTimestamp: null } known || IsOver(known)
            || await healer.Client.GetAsync<Remediation>(key.Namespace, key.Name, cancellationToken) is not { } remediation || IsOver(remediation))
        {
            return Requeue.None;
        }

        if (Lasting.IsOnTrial(remediation))
            return await probation.FollowAsync(remediation, cancellationToken);
        var policy = caches.Policies.Get(key.Namespace, remediation.Spec.Policy);
        if (policy is null && remediation.Metadata.CreationTimestamp is { } made && time.GetUtcNow().UtcDateTime - made < MadeTogether)
            return Requeue.After(Soon);
        if (policy is not null && watches.For(key.Namespace!) is { HasSynced: false } blind)
            return await WaitForSightAsync(remediation, blind.Obstacle, cancellationToken);
        var snapshot = policy is null ? new NamespaceSnapshot { Namespace = key.Namespace!, Now = time.GetUtcNow() } : watches.For(key.Namespace!).Snapshot(policy, time.GetUtcNow());
        if (remediation.Spec.Request is not null)
            return await requests.FollowAsync(remediation, policy, snapshot, await memories.ReadAsync(key.Namespace!, cancellationToken), cancellationToken);
        var turn = new Turn(BoundPlan.Of(remediation), remediation.Status ?? new(), policy, snapshot, await memories.ReadAsync(key.Namespace!, cancellationToken) with { Past = Past(remediation) });
        return remediation.Status?.Phase switch
        {
            null => await ProposeAsync(turn, cancellationToken),
            RemediationPhases.Executing => await DoAsync(turn, cancellationToken),
            RemediationPhases.Verifying => await VerifyAsync(turn, cancellationToken),
            _ => await CheckAsync(turn, cancellationToken),
        };
    }

    // A plan in a namespace that the healer may not read would wait without a word: it says which right is missing.
    private async Task<Requeue> WaitForSightAsync(Remediation remediation, string? obstacle, CancellationToken cancellationToken)
    {
        if (obstacle is null)
            return Requeue.After(Soon);
        var reason = TaintedText.Clean($"The namespace cannot be read: {obstacle}", 1024);
        return remediation.Status?.Reason == reason ? Requeue.After(Later)
            : await log.WriteAsync(remediation, (remediation.Status ?? new()) with { Reason = reason }, time.GetUtcNow(), "Waits", reason, Later, cancellationToken);
    }

    private static bool IsOver(Remediation remediation) => RemediationPhases.IsFinal(remediation.Status?.Phase) && !Lasting.IsOnTrial(remediation);

    private async Task<Requeue> ProposeAsync(Turn turn, CancellationToken cancellationToken)
    {
        IReadOnlyList<string>? digests;
        try
        {
            digests = await binding.DigestsAsync(InputOf(turn), cancellationToken);
        }
        catch (KubeApiException refused) when (ActionExecutor.IsRefusal(refused))
        {
            return await FinishAsync(turn, RemediationPhases.Refused, refused.Message, "Refused", cancellationToken);
        }

        var hash = PlanHash.Of(BoundPlan.Of(turn.Remediation, digests));
        var destructive = turn.Remediation.Spec.Actions.Any(action => ActionCatalogue.Find(action.Type)?.IsDestructive != false);
        return await WriteAsync(
            turn,
            turn.Status with { Phase = RemediationPhases.AwaitingApproval, Reason = "Proposed.", BoundTo = digests, PlanHash = hash, Destructive = destructive },
            "Proposed", $"{turn.Remediation.Spec.Rationale} Plan {hash} of {turn.Remediation.Spec.Planner}.{(digests is null ? "" : " Bound to its targets as they are.")}{NotTaken(turn.Remediation)}", Soon, cancellationToken);
    }

    private async Task<Requeue> CheckAsync(Turn turn, CancellationToken cancellationToken)
    {
        var verdict = Guard.Check(InputOf(turn));
        switch (verdict.Kind)
        {
            case GuardVerdictKind.Refuse:
                return await FinishAsync(turn, RemediationPhases.Refused, verdict.Reason, "Refused", cancellationToken);
            case GuardVerdictKind.Go:
                return await TryAsync(turn, verdict, cancellationToken);
            default:
                var phase = verdict.Kind == GuardVerdictKind.Suggest ? RemediationPhases.Suggested : RemediationPhases.AwaitingApproval;
                if (turn.Status.Phase == phase && turn.Status.Reason == verdict.Reason)
                    return Requeue.After(Later);
                return await WaitAsync(turn, phase, verdict.Reason, cancellationToken);
        }
    }

    private GuardInput InputOf(Turn turn) => new(
        turn.Remediation, turn.Policy, caches.Approvers.List(), turn.Snapshot, turn.Memory, turn.Policy is null ? 0 : caches.ActionsLastHour(turn.Policy, turn.Remediation, turn.Snapshot.Now));

    // Who decides sees what the API server would make of the plan; it is asked again when the plan runs.
    private async Task<Requeue> WaitAsync(Turn turn, string phase, string reason, CancellationToken cancellationToken)
    {
        try
        {
            var steps = turn.Status.Steps ?? await DryRunAsync(turn, cancellationToken);
            return await WriteAsync(turn, turn.Status with { Phase = phase, Reason = reason, Steps = steps }, "Waits", reason, Later, cancellationToken);
        }
        catch (Exception refusal) when (ActionExecutor.IsRefusal(refusal))
        {
            return await FinishAsync(turn, RemediationPhases.Refused, refusal.Message, "Refused", cancellationToken);
        }
    }

    private async Task<List<RemediationStep>> DryRunAsync(Turn turn, CancellationToken cancellationToken)
    {
        var steps = new List<RemediationStep>();
        foreach (var action in turn.Remediation.Spec.Actions)
            steps.Add(await executor.TryAsync(turn.Snapshot.Namespace, action, turn.Memory, cancellationToken));
        return steps;
    }

    private async Task<Requeue> TryAsync(Turn turn, GuardVerdict verdict, CancellationToken cancellationToken)
    {
        List<RemediationStep> steps;
        try
        {
            steps = await DryRunAsync(turn, cancellationToken);
        }
        catch (Exception refusal) when (ActionExecutor.IsRefusal(refusal))
        {
            return await FinishAsync(turn, RemediationPhases.Refused, refusal.Message, "Refused", cancellationToken);
        }

        var changes = string.Join(", ", steps.SelectMany(step => step.Changes ?? []).Select(change => change.Path).Take(8));
        var status = turn.Status with
        {
            Phase = RemediationPhases.Executing, Reason = verdict.Reason, ApprovedBy = verdict.ApprovedBy, Steps = steps, StartedAt = RemediationLog.Second(turn.Snapshot.Now),
        };
        return await WriteAsync(turn, status, "Checked", $"{verdict.Reason} The dry run changes {changes}.", TimeSpan.Zero, cancellationToken);
    }

    private async Task<Requeue> DoAsync(Turn turn, CancellationToken cancellationToken)
    {
        if (Guard.Brake(turn.Remediation, turn.Policy) is { } brake)
            return turn.Status.Reason == brake ? Requeue.After(Later) : await WriteAsync(turn, turn.Status with { Reason = brake }, "Braked", brake, Later, cancellationToken);
        var steps = turn.Status.Steps!.ToList();
        var next = steps.FindIndex(step => step.State == RemediationStepStates.Checked);
        if (next < 0)
            return await WriteAsync(turn, turn.Status with { Phase = RemediationPhases.Verifying, Reason = "Everything is done." }, "Done", "The symptom must stay away now.", Soon, cancellationToken);
        var action = turn.Remediation.Spec.Actions[next];
        try
        {
            steps[next] = await executor.DoAsync(turn.Snapshot.Namespace, action, steps[next], turn.Memory, cancellationToken);
        }
        catch (KubeApiException race) when (race.StatusCode == HttpStatusCode.Conflict)
        {
            return Requeue.After(Soon);
        }
        catch (Exception refusal) when (ActionExecutor.IsRefusal(refusal))
        {
            return await TakeBackAsync(turn, refusal.Message, cancellationToken);
        }

        return await WriteAsync(turn, turn.Status with { Steps = steps }, "Wrote", $"{action.Type} {action.Target.Kind} {action.Target.Name}", TimeSpan.Zero, cancellationToken);
    }

    private async Task<Requeue> VerifyAsync(Turn turn, CancellationToken cancellationToken)
    {
        var (now, status) = (turn.Snapshot.Now, turn.Status);
        var trouble = Trouble(turn);
        if (trouble is null && status.QuietSince is null)
            return await WriteAsync(turn, status with { QuietSince = RemediationLog.Second(now), Reason = "The symptom is gone." }, "Quiet", "The symptom is gone.", Soon, cancellationToken);
        var within = turn.Policy?.Spec.EffectiveVerifyWithin ?? GoDuration.Parse(HealingPolicySpec.DefaultVerifyWithin);
        if (trouble is null)
        {
            return now.UtcDateTime - status.QuietSince >= within
                ? await FinishAsync(Invertible(turn), RemediationPhases.Succeeded, $"The symptom stayed away for {GoDuration.Format(within)}.", "Verified", cancellationToken)
                : Requeue.After(Soon);
        }

        var patience = turn.Remediation.Spec.Cause is Causes.ProcessorSaturated or Causes.ServiceDegraded ? PatienceWithMetrics : GoalProgress.IsToldByRestart(turn.Remediation, turn.Snapshot) ? TimeSpan.Zero : Patience;
        if (now.UtcDateTime - status.StartedAt > patience + within)
            return await TakeBackAsync(turn, $"It did not help: {trouble}.", cancellationToken);
        return status.QuietSince is null
            ? Requeue.After(Soon)
            : await WriteAsync(turn, status with { QuietSince = null, Reason = trouble }, "Unquiet", trouble, Soon, cancellationToken);
    }

    private static Turn Invertible(Turn turn)
    {
        var (inverse, why) = UndoPlan.Of(turn.Remediation, turn.Status.Steps!);
        return turn with { Status = turn.Status with { Inverse = inverse, NoInverse = why is null ? null : TaintedText.Clean(why, 1024) } };
    }

    // At most as many as a plan has actions.
    private Dictionary<string, Remediation> Past(Remediation remediation) => remediation.Spec.Actions
        .Select(action => action.Parameters?.GetValueOrDefault(UndoPlan.OfParameter)).OfType<string>().Distinct(StringComparer.Ordinal)
        .Select(name => caches.Remediations.Get(remediation.Metadata.NamespaceProperty, name)).OfType<Remediation>()
        .ToDictionary(past => past.Metadata.Name, StringComparer.Ordinal);

    private string? Trouble(Turn turn)
    {
        if (GoalProgress.Unclear(turn.Remediation, turn.Snapshot) is { } unclear)
            return unclear;
        var findings = GoalProgress.Left(turn.Remediation, turn.Snapshot, Diagnosis.Of(turn.Snapshot, turn.Memory));
        // A person and a goal want another number of pods than the one that is remembered.
        var isOfGoal = Causes.IsOfGoal(turn.Remediation.Spec.Cause);
        var good = isOfGoal || turn.Remediation.Spec.Planner == RemediationPlanners.Person ? Baseline.Empty : turn.Memory;
        foreach (var target in turn.Remediation.Spec.Actions.Select(action => action.Target))
        {
            if (Verification.Trouble(target.Kind, target.Name, turn.Snapshot, good, findings) is { } trouble)
                return trouble;
        }

        // Whatever went wrong elsewhere since the first write counts against the repair. The start is kept in whole seconds, so
        // both are compared in them: else of two plans of one second each would wait for the other's incident to end. What makes
        // one goal missed makes others missed a little later, and that is not the work of the plan for the first.
        return caches.Incidents.List().FirstOrDefault(one => one.Metadata.NamespaceProperty == turn.Snapshot.Namespace
            && one.Status is { Phase: IncidentPhases.Open } open && open.DetectedAt is { } detected && RemediationLog.Second(new(detected, TimeSpan.Zero)) > turn.Status.StartedAt && one.Metadata.Name != turn.Remediation.Spec.Incident
            && !(isOfGoal && open.Causes is [{ Reasons: [var reason] }] && Causes.IsOfGoal(reason)))
            is { } worse ? $"since then {worse.Status!.Symptom}" : null;
    }

    private async Task<Requeue> TakeBackAsync(Turn turn, string why, CancellationToken cancellationToken)
    {
        var steps = turn.Status.Steps!.ToList();
        var (phase, reason) = (RemediationPhases.RolledBack, why);
        for (var i = steps.Count - 1; i >= 0; i--)
        {
            if (steps[i].State != RemediationStepStates.Done)
                continue;
            try
            {
                steps[i] = await executor.UndoAsync(turn.Snapshot.Namespace, turn.Remediation.Spec.Actions[i], steps[i], cancellationToken);
            }
            catch (KubeApiException race) when (race.StatusCode == HttpStatusCode.Conflict)
            {
                return Requeue.After(Soon);
            }
            catch (Exception refusal) when (ActionExecutor.IsRefusal(refusal))
            {
                (phase, reason) = (RemediationPhases.Failed, $"{why} {refusal.Message}");
            }
        }

        return await FinishAsync(turn with { Status = turn.Status with { Steps = steps } }, phase, reason, phase == RemediationPhases.RolledBack ? "Undid" : "Failed", cancellationToken);
    }

    private Task<Requeue> FinishAsync(Turn turn, string phase, string reason, string what, CancellationToken cancellationToken)
    {
        // What has to last is no success yet, and counts once that is known.
        var isOnTrial = phase == RemediationPhases.Succeeded && Lasting.HasToLast(turn.Remediation);
        if (!isOnTrial)
            HealingMetrics.Finished(turn.Remediation, phase, caches.Incidents.Get(turn.Snapshot.Namespace, turn.Remediation.Spec.Incident)?.Status?.Onset);
        return WriteAsync(turn, turn.Status with { Phase = phase, FinishedAt = RemediationLog.Second(turn.Snapshot.Now), Reason = reason }, what, reason, isOnTrial ? Lasting.Window : null, cancellationToken);
    }

    private Task<Requeue> WriteAsync(Turn turn, RemediationStatus status, string what, string detail, TimeSpan? next, CancellationToken cancellationToken) =>
        log.WriteAsync(turn.Remediation, status, turn.Snapshot.Now, what, detail, next, cancellationToken);

    private static string NotTaken(Remediation remediation) => remediation.Spec.Considered is { Count: > 0 } others ? $" Not taken: {string.Join("; ", others)}" : "";

    private sealed record Turn(Remediation Remediation, RemediationStatus Status, HealingPolicy? Policy, NamespaceSnapshot Snapshot, Baseline Memory);
}
