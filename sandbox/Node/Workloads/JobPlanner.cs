using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Runs pods of a Job until enough have succeeded or too many have failed.</summary>
internal static class JobPlanner
{
    internal const string Component = "job-controller";
    internal const string IndexAnnotation = "batch.kubernetes.io/job-completion-index";

    /// <summary>The wait after the first failure; it doubles with each further one up to <see cref="LongestBackoff"/>.</summary>
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(6);

    public static Plan Make(V1Job job, IEnumerable<V1Pod> podsOfNamespace, DateTimeOffset now)
    {
        var pods = podsOfNamespace.Where(pod => Owners.Controls(job, pod)).ToList();
        if (Finished(job) is { } finished)
            return Expire(job, finished, now);
        if (job.Metadata.DeletionTimestamp is not null)
            return Plan.Nothing;

        var tally = JobTally.Of(job, pods);
        var writes = new List<Write>();
        var verdict = JobVerdict.Of(job, tally, now);
        TimeSpan? requeue = null;
        var removed = 0;
        if (verdict is not null || job.Spec.Suspend == true)
        {
            foreach (var pod in tally.Active)
                writes.Add(Delete(job, pod));
            removed = tally.Active.Count;
        }
        else
        {
            requeue = Balance(job, tally, writes, now);
        }
        // The verdict is published once no pod of the Job is left running.
        var status = JobStatus.Of(job, tally, verdict, published: verdict is not null && removed == 0 && tally.Terminating == 0, now);
        if (!Canonical.Same(status, job.Status))
        {
            var copy = Canonical.Copy(job);
            copy.Status = status;
            writes.Add(new UpdateStatus<V1Job>(copy) { Tell = Narrate(job, status) });
        }
        return new Plan(writes, Earliest(requeue, UntilDeadline(job, now)));
    }

    internal static V1JobCondition? Finished(V1Job job) =>
        job.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "Complete" or "Failed", Status: "True" });

    private static TimeSpan? Balance(V1Job job, JobTally tally, List<Write> writes, DateTimeOffset now)
    {
        var room = Math.Min(job.Spec.Parallelism ?? 1, tally.StillNeeded(job)) - tally.Active.Count;
        foreach (var pod in PodRanking.FirstToGo(tally.Active).Take(Math.Max(0, -room)))
            writes.Add(Delete(job, pod));
        if (room <= 0)
            return null;
        var wait = Backoff(tally, now);
        if (wait > TimeSpan.Zero)
            return wait;
        // Kubernetes' own bound on one round of creations.
        foreach (var index in tally.NextIndexes(job, Math.Min(500, room)))
        {
            writes.Add(new CreateObject<V1Pod>(JobPods.Make(job, index))
            {
                Tell = Told(job, "SuccessfulCreate", "Created pod: {0}"),
                TellRefusal = Told(job, "FailedCreate", "Error creating: {0}") with { Type = "Warning" },
            });
        }
        return null;
    }

    private static TimeSpan Backoff(JobTally tally, DateTimeOffset now)
    {
        if (tally.Failed.Count == 0 || tally.LastFailure is not { } last)
            return TimeSpan.Zero;
        var doublings = Math.Min(tally.FailuresSinceSuccess - 1, 10);
        var wait = doublings < 0 ? TimeSpan.Zero : FirstBackoff * Math.Pow(2, doublings);
        return last + (wait < LongestBackoff ? wait : LongestBackoff) - now.UtcDateTime;
    }

    private static DeleteObject<V1Pod> Delete(V1Job job, V1Pod pod) =>
        new(pod) { Tell = Told(job, "SuccessfulDelete", "Deleted pod: {0}") };

    private static TimeSpan? UntilDeadline(V1Job job, DateTimeOffset now) =>
        job.Spec.ActiveDeadlineSeconds is { } seconds && job.Status?.StartTime is { } start && job.Spec.Suspend != true
            ? Positive(start.AddSeconds(seconds) - now.UtcDateTime)
            : null;

    private static Plan Expire(V1Job job, V1JobCondition finished, DateTimeOffset now)
    {
        if (job.Spec.TtlSecondsAfterFinished is not { } seconds || job.Metadata.DeletionTimestamp is not null || finished.LastTransitionTime is not { } at)
            return Plan.Nothing;
        var left = at.AddSeconds(seconds) - now.UtcDateTime;
        return left <= TimeSpan.Zero ? new Plan([new DeleteObject<V1Job>(job)]) : new Plan([], left);
    }

    private static Narration? Narrate(V1Job job, V1JobStatus status)
    {
        var verdict = status.Conditions?.FirstOrDefault(condition => condition is { Type: "Complete" or "Failed", Status: "True" });
        var suspended = status.Conditions?.FirstOrDefault(condition => condition.Type == "Suspended");
        var before = job.Status?.Conditions?.FirstOrDefault(condition => condition.Type == "Suspended");
        return verdict switch
        {
            { Type: "Complete" } => Told(job, "Completed", "Job completed"),
            { Type: "Failed" } => Told(job, verdict.Reason, verdict.Message) with { Type = "Warning" },
            _ when suspended?.Status == "True" && before?.Status != "True" => Told(job, "Suspended", "Job suspended"),
            _ when suspended?.Status == "False" && before?.Status == "True" => Told(job, "Resumed", "Job resumed"),
            _ => null,
        };
    }

    private static Narration Told(V1Job job, string reason, string message) => new(References.To(job), Component, reason, message);

    private static TimeSpan? Earliest(TimeSpan? left, TimeSpan? right) => left is null || right < left ? right ?? left : left;

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.FromSeconds(1) ? time : TimeSpan.FromSeconds(1);
}
