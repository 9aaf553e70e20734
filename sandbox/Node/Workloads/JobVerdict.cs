using k8s.Models;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Why a Job is over.</summary>
internal sealed record JobVerdict(bool Success, string Reason, string Message)
{
    public static JobVerdict? Of(V1Job job, JobTally tally, DateTimeOffset now)
    {
        // A verdict once given stands, whatever happens to the pods afterwards.
        if (job.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "FailureTarget" or "SuccessCriteriaMet", Status: "True" }) is { } given)
            return new JobVerdict(given.Type == "SuccessCriteriaMet", given.Reason, given.Message);
        if (tally.Failures(job) > (job.Spec.BackoffLimit ?? 6))
            return new JobVerdict(false, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        if (job.Spec.ActiveDeadlineSeconds is { } seconds && job.Spec.Suspend != true && job.Status?.StartTime is { } start && start.AddSeconds(seconds) <= now.UtcDateTime)
            return new JobVerdict(false, "DeadlineExceeded", "Job was active longer than specified deadline");
        var complete = job.Spec.Completions is null
            ? tally.Succeeded.Count > 0 && tally.Active.Count == 0
            : tally.StillNeeded(job) <= 0;
        return complete ? new JobVerdict(true, "CompletionsReached", "Reached expected number of succeeded pods") : null;
    }
}
