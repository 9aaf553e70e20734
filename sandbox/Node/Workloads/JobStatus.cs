using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Counts, times and conditions of a Job.</summary>
internal static class JobStatus
{
    public static V1JobStatus Of(V1Job job, JobTally tally, JobVerdict? verdict, bool published, DateTimeOffset now)
    {
        var old = job.Status ?? new V1JobStatus();
        var suspended = job.Spec.Suspend == true;
        var status = new V1JobStatus
        {
            Active = NullIfZero(verdict is not null || suspended ? 0 : tally.Active.Count),
            // Counts never go back when a finished pod is removed by hand.
            Succeeded = NullIfZero(Math.Max(old.Succeeded ?? 0, tally.Succeeded.Count)),
            Failed = NullIfZero(Math.Max(old.Failed ?? 0, tally.Failed.Count)),
            Ready = tally.Active.Count(Pods.IsReady),
            Terminating = tally.Terminating,
            UncountedTerminatedPods = old.UncountedTerminatedPods,
            StartTime = suspended ? null : old.StartTime ?? now.UtcDateTime,
            CompletionTime = old.CompletionTime,
            Conditions = old.Conditions is null ? null : [.. old.Conditions],
            CompletedIndexes = job.Spec.CompletionMode == "Indexed" ? Ranges(tally.CompletedIndexes(job)) : null,
        };
        Conclude(job, status, verdict, published, now);
        if (suspended)
            Set(status, "Suspended", "True", "JobSuspended", "Job suspended", now);
        else if (status.Conditions?.Any(condition => condition.Type == "Suspended") == true)
            Set(status, "Suspended", "False", "JobResumed", "Job resumed", now);
        return status;
    }

    /// <summary>"0-2,5": runs of indexes as Kubernetes writes them.</summary>
    internal static string Ranges(IReadOnlyList<int> sorted)
    {
        var parts = new List<string>();
        for (var from = 0; from < sorted.Count;)
        {
            var to = from;
            while (to + 1 < sorted.Count && sorted[to + 1] == sorted[to] + 1)
                to++;
            parts.Add(to == from ? $"{sorted[from]}" : to == from + 1 ? $"{sorted[from]},{sorted[to]}" : $"{sorted[from]}-{sorted[to]}");
            from = to + 1;
        }
        return string.Join(',', parts);
    }

    private static void Conclude(V1Job job, V1JobStatus status, JobVerdict? verdict, bool published, DateTimeOffset now)
    {
        if (verdict is null)
            return;
        Set(status, verdict.Success ? "SuccessCriteriaMet" : "FailureTarget", "True", verdict.Reason, verdict.Message, now);
        if (!published)
            return;
        Set(status, verdict.Success ? "Complete" : "Failed", "True", verdict.Reason, verdict.Message, now);
        if (verdict.Success)
            status.CompletionTime ??= now.UtcDateTime;
    }

    private static void Set(V1JobStatus status, string type, string value, string reason, string message, DateTimeOffset now)
    {
        var old = status.Conditions?.FirstOrDefault(condition => condition.Type == type);
        if (old?.Status == value)
            return;
        var made = new V1JobCondition
        {
            Type = type, Status = value, Reason = reason, Message = message, LastProbeTime = now.UtcDateTime, LastTransitionTime = now.UtcDateTime,
        };
        status.Conditions = [.. (status.Conditions ?? []).Where(condition => condition.Type != type), made];
    }

    private static int? NullIfZero(int count) => count == 0 ? null : count;
}
