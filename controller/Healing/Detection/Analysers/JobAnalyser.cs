using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Jobs that gave up, and CronJobs that were suspended. Both are shown; what to do is their owner's business.</summary>
internal sealed class JobAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory) =>
        snapshot.Jobs.Select(job => (job.Metadata.Name, Failed: job.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "Failed", Status: "True" })))
            .Where(pair => pair.Failed is not null)
            .Select(pair => new Finding(V1Job.KubeKind, pair.Name, Causes.JobFailed, $"{pair.Failed!.Reason} {pair.Failed.Message}"))
            .Concat(snapshot.CronJobs.Where(job => job.Spec.Suspend == true && job.Status?.LastScheduleTime is not null)
                .Select(job => new Finding(V1CronJob.KubeKind, job.Metadata.Name, Causes.CronJobSuspended, "spec.suspend is true")));
}
