using k8s.Models;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Status and conditions of a Deployment, in the words and the order of kube-controller-manager.</summary>
internal static class DeploymentConditions
{
    public const string Paused = "DeploymentPaused";
    public const string Resumed = "DeploymentResumed";
    public const string TimedOut = "ProgressDeadlineExceeded";
    private const string Complete = "NewReplicaSetAvailable";

    public static V1DeploymentCondition? Progressing(V1Deployment deployment) => Find(deployment, "Progressing");

    public static bool IsComplete(V1Deployment deployment, DeploymentCounts counts)
    {
        var wanted = deployment.Spec.Replicas ?? 1;
        return counts.Updated == wanted && counts.Replicas == wanted && counts.Available == wanted;
    }

    /// <summary>Fills the working copy's status; returns when the progress deadline has to be looked at again.</summary>
    public static TimeSpan? Bring(
        V1Deployment working, V1Deployment observed, DeploymentCounts counts, V1ReplicaSet? newSet, IReadOnlyList<V1ReplicaSet> sets, DateTimeOffset now)
    {
        var status = working.Status;
        status.ObservedGeneration = working.Metadata.Generation;
        status.Replicas = NullIfZero(counts.Replicas);
        status.UpdatedReplicas = NullIfZero(counts.Updated);
        status.ReadyReplicas = NullIfZero(counts.Ready);
        status.AvailableReplicas = NullIfZero(counts.Available);
        status.UnavailableReplicas = NullIfZero(counts.Unavailable);
        status.TerminatingReplicas = counts.Terminating;
        BringAvailable(working, counts, now);
        var deadline = working.Spec.ProgressDeadlineSeconds is > 0 and < int.MaxValue ? working.Spec.ProgressDeadlineSeconds : null;
        var paused = working.Spec.Paused == true;
        if (deadline is null)
            status.Conditions = [.. status.Conditions.Where(condition => condition.Type != "Progressing")];
        else if (!paused)
            BringProgressing(working, observed, counts, newSet, deadline.Value, now);
        BringFailure(working, sets, now);
        return deadline is null || paused ? null : UntilDeadline(working, counts, deadline.Value, now);
    }

    /// <summary>Replaces a condition at the end of the list; an equal status and reason changes nothing.</summary>
    public static void Set(V1Deployment working, string type, string status, string reason, string message, DateTimeOffset now, DateTime? since = null)
    {
        var old = Find(working, type);
        if (old is not null && old.Status == status && old.Reason == reason)
            return;
        var rest = (working.Status.Conditions ?? []).Where(condition => condition.Type != type);
        working.Status.Conditions =
        [
            .. rest,
            new V1DeploymentCondition
            {
                Type = type,
                Status = status,
                Reason = reason,
                Message = message,
                LastUpdateTime = now.UtcDateTime,
                LastTransitionTime = since ?? (old?.Status == status ? old.LastTransitionTime : now.UtcDateTime),
            },
        ];
    }

    private static void BringAvailable(V1Deployment working, DeploymentCounts counts, DateTimeOffset now)
    {
        if (counts.Available >= (working.Spec.Replicas ?? 1) - RolloutBounds.Of(working.Spec).MaxUnavailable)
            Set(working, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now);
        else
            Set(working, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now);
    }

    private static void BringProgressing(
        V1Deployment working, V1Deployment observed, DeploymentCounts counts, V1ReplicaSet? newSet, int deadline, DateTimeOffset now)
    {
        var current = Progressing(working);
        if (counts.Replicas == counts.Updated && current?.Reason == Complete)
            return;
        var subject = newSet is null ? $"Deployment \"{working.Metadata.Name}\"" : $"ReplicaSet \"{newSet.Metadata.Name}\"";
        if (IsComplete(working, counts))
        {
            Set(working, "Progressing", "True", Complete, subject + " has successfully progressed.", now);
        }
        else if (HasProgressed(observed.Status, counts))
        {
            working.Status.Conditions = [.. working.Status.Conditions.Where(condition => condition.Type != "Progressing")];
            Set(working, "Progressing", "True", "ReplicaSetUpdated", subject + " is progressing.", now, current?.Status == "True" ? current.LastTransitionTime : null);
        }
        else if (HasTimedOut(current, deadline, now))
        {
            Set(working, "Progressing", "False", TimedOut, subject + " has timed out progressing.", now);
        }
    }

    private static bool HasProgressed(V1DeploymentStatus? before, DeploymentCounts counts)
    {
        var oldUpdated = before?.UpdatedReplicas ?? 0;
        return counts.Updated > oldUpdated
            || counts.Replicas - counts.Updated < (before?.Replicas ?? 0) - oldUpdated
            || counts.Ready > (before?.ReadyReplicas ?? 0)
            || counts.Available > (before?.AvailableReplicas ?? 0);
    }

    private static bool HasTimedOut(V1DeploymentCondition? current, int deadline, DateTimeOffset now) =>
        current is { Reason: not (Complete or Paused), LastUpdateTime: { } last }
        && (current.Reason == TimedOut || last.AddSeconds(deadline) < now.UtcDateTime);

    private static TimeSpan? UntilDeadline(V1Deployment working, DeploymentCounts counts, int deadline, DateTimeOffset now)
    {
        if (IsComplete(working, counts) || Progressing(working) is not { Reason: not (TimedOut or Paused or Complete), LastUpdateTime: { } last })
            return null;
        // One second late is enough: the comparison is strict and times are kept in whole seconds.
        var left = last.AddSeconds(deadline + 1) - now.UtcDateTime;
        return left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1);
    }

    private static void BringFailure(V1Deployment working, IReadOnlyList<V1ReplicaSet> sets, DateTimeOffset now)
    {
        var failure = sets.SelectMany(set => set.Status?.Conditions ?? []).FirstOrDefault(condition => condition is { Type: "ReplicaFailure", Status: "True" });
        if (failure is not null)
            Set(working, "ReplicaFailure", "True", failure.Reason, failure.Message, now);
        else if (Find(working, "ReplicaFailure") is not null)
            working.Status.Conditions = [.. working.Status.Conditions.Where(condition => condition.Type != "ReplicaFailure")];
    }

    private static V1DeploymentCondition? Find(V1Deployment deployment, string type) =>
        deployment.Status?.Conditions?.FirstOrDefault(condition => condition.Type == type);

    private static int? NullIfZero(int count) => count == 0 ? null : count;
}
