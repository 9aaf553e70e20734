using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>A Job's pods by outcome.</summary>
internal sealed record JobTally(IReadOnlyList<V1Pod> Active, IReadOnlyList<V1Pod> Succeeded, IReadOnlyList<V1Pod> Failed, int Terminating)
{
    public static JobTally Of(V1Job job, IReadOnlyList<V1Pod> pods) => new(
        [.. pods.Where(Pods.IsActive)],
        [.. pods.Where(pod => pod.Status?.Phase == "Succeeded")],
        [.. pods.Where(pod => pod.Status?.Phase == "Failed")],
        pods.Count(pod => Pods.IsTerminating(pod) && !Pods.IsTerminal(pod)));

    /// <summary>Failures against backoffLimit: failed pods, and restarts in place of those that restart on failure.</summary>
    public int Failures(V1Job job) => Failed.Count + (job.Spec.Template.Spec.RestartPolicy == "OnFailure" ? Active.Sum(Restarts) : 0);

    public DateTime? LastFailure => Failed.Select(FinishedAt).Max();

    public int FailuresSinceSuccess
    {
        get
        {
            var success = Succeeded.Select(FinishedAt).Max();
            return Failed.Count(pod => success is null || FinishedAt(pod) > success);
        }
    }

    /// <summary>Distinct completed indexes of an Indexed job.</summary>
    public IReadOnlyList<int> CompletedIndexes(V1Job job) =>
        [.. Succeeded.Select(JobPods.IndexOf).OfType<int>().Where(index => index < (job.Spec.Completions ?? 0)).Distinct().Order()];

    /// <summary>How many more successes the Job wants; without completions, one success ends it and no new pod starts after it.</summary>
    public int StillNeeded(V1Job job)
    {
        if (job.Spec.Completions is not { } completions)
            return Succeeded.Count > 0 ? Active.Count : int.MaxValue;
        return completions - (job.Spec.CompletionMode == "Indexed" ? CompletedIndexes(job).Count : Succeeded.Count);
    }

    /// <summary>Indexes for new pods, lowest first; null ones for a Job that is not indexed.</summary>
    public IEnumerable<int?> NextIndexes(V1Job job, int count)
    {
        if (job.Spec.CompletionMode != "Indexed")
            return Enumerable.Repeat<int?>(null, count);
        var taken = CompletedIndexes(job).Concat(Active.Select(JobPods.IndexOf).OfType<int>()).ToHashSet();
        return Enumerable.Range(0, job.Spec.Completions ?? 0).Where(index => !taken.Contains(index)).Take(count).Select(index => (int?)index);
    }

    private static int Restarts(V1Pod pod) =>
        (pod.Status?.ContainerStatuses ?? []).Concat(pod.Status?.InitContainerStatuses ?? []).Sum(status => status.RestartCount);

    private static DateTime? FinishedAt(V1Pod pod) =>
        (pod.Status?.ContainerStatuses ?? []).Select(status => status.State?.Terminated?.FinishedAt).Max() ?? pod.Metadata.CreationTimestamp;
}
