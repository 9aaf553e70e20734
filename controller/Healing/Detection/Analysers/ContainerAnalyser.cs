using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Containers that do not start or do not stay.</summary>
internal sealed class ContainerAnalyser : IAnalyser
{
    private static readonly HashSet<string> ImageReasons = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"];
    private static readonly HashSet<string> StartReasons = ["CrashLoopBackOff", "RunContainerError", "CreateContainerError", "StartError"];

    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        // Who shrank their pods is at fault, where that can be told.
        var shrunk = new MutationAnalyser().Analyse(snapshot, memory).Any();
        foreach (var workload in snapshot.Workloads.Where(workload => !shrunk || !MutationAnalyser.Shrunk(workload).Any()))
        {
            var statuses = workload.Pods.SelectMany(pod => (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []));
            if (statuses.Select(status => Of(status, TemplateChange.Since(memory, workload))).FirstOrDefault(found => found is not null) is var (cause, evidence))
            {
                // A rollout that leaves nothing is worse than what is wrong with the new pods, and would have waited.
                var takesAll = workload.Ready == 0 && TemplateChange.OfStrategy(memory, workload);
                yield return new(workload.Kind, workload.Name, takesAll ? Causes.RolloutTakesAll : cause, evidence);
            }
        }
    }

    private static (string Cause, string Evidence)? Of(V1ContainerStatus status, IReadOnlyList<string> changes)
    {
        if (status.State?.Waiting is { Reason: { } reason } waiting)
        {
            if (ImageReasons.Contains(reason))
                return (Causes.BadImage, $"{status.Name}: {reason} {status.Image} {waiting.Message}");
            if (StartReasons.Contains(reason))
                return (Cause(status, changes), $"{status.Name}: {reason} {waiting.Message}");
        }

        // An end with an error counts at once only where the template was changed: a single crash is what restarts are for.
        var ended = status.State?.Terminated ?? (status.State?.Running is not null && status.Ready ? null : status.LastState?.Terminated);
        return ended is { ExitCode: not 0 } && changes.Count > 0
            ? (Cause(status, changes), $"{status.Name}: ended with exit code {ended.ExitCode} {ended.Message}")
            : null;
    }

    private static string Cause(V1ContainerStatus status, IReadOnlyList<string> changes) =>
        (status.State?.Terminated ?? status.LastState?.Terminated)?.Reason == "OOMKilled" && changes.Touches("limits") ? Causes.MemoryLimitTooSmall
        : changes.Touches("command", "args") ? Causes.BadCommand
        : changes.Touches("env", "envFrom") ? Causes.BadEnvironment
        : changes.Touches("livenessProbe", "startupProbe") ? Causes.WrongProbe
        : changes.Touches("image") ? Causes.BadImage
        : Causes.ContainerFails;
}
