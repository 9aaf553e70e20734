using k8s.Models;
using Ops.Api;

namespace Ops.Planning.Pools;

/// <summary>Why pods cannot serve, read from their own statuses.</summary>
public static class PodTrouble
{
    // A container that fails goes through Running between two back-offs; after this many restarts it counts as failing
    // also while it runs, so that the condition does not flap.
    private const int RestartsThatCount = 3;

    /// <summary>
    /// The worst trouble of the pods, or null. Pods of the newest template come first, because that is what the user is
    /// looking at. Stable: the same pods give the same answer in any order.
    /// </summary>
    /// <param name="pods">The pods of one workload.</param>
    /// <param name="deployment">Whose newest template counts first; null where there is none.</param>
    public static PlanProblem? Worst(IEnumerable<V1Pod> pods, V1Deployment? deployment)
    {
        var newest = Template(deployment?.Spec?.Template?.Metadata);
        var troubles = pods
            .Where(pod => pod.Metadata.DeletionTimestamp is null)
            .Select(pod => (Pod: pod.Metadata.Name, IsOld: Template(pod.Metadata) != newest, Trouble: Of(pod)))
            .Where(found => found.Trouble is not null)
            .OrderBy(found => found.IsOld)
            .ThenBy(found => found.Trouble!.Value.Rank)
            .ThenBy(found => found.Pod, StringComparer.Ordinal)
            .ToList();
        if (troubles.Count == 0)
            return null;
        var (name, _, worst) = troubles[0];
        var alike = troubles.Count(found => found.Trouble!.Value.Reason == worst!.Value.Reason) - 1;
        var others = alike switch { 0 => "", 1 => " (and 1 other pod)", _ => $" (and {alike} other pods)" };
        return new(worst!.Value.Reason, $"pod {name}{others}: {worst.Value.Message}");
    }

    private static string? Template(V1ObjectMeta? metadata) =>
        metadata?.Annotations?.TryGetValue(Annotations.Template, out var digest) == true ? digest : null;

    private static (int Rank, string Reason, string Message)? Of(V1Pod pod)
    {
        var statuses = (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []);
        foreach (var status in statuses)
        {
            if (OfContainer(status) is { } trouble)
                return trouble;
        }

        var scheduled = pod.Status?.Conditions?.FirstOrDefault(condition => condition.Type == "PodScheduled");
        if (scheduled is { Status: "False" })
            return (4, scheduled.Reason ?? "Unschedulable", scheduled.Message ?? "no node takes the pod");
        return pod.Status?.Phase == "Failed"
            ? (5, pod.Status.Reason ?? "PodFailed", pod.Status.Message ?? "the pod failed")
            : null;
    }

    private static (int Rank, string Reason, string Message)? OfContainer(V1ContainerStatus status)
    {
        var waiting = status.State?.Waiting;
        switch (waiting?.Reason)
        {
            // The kubelet alternates between the two; one name keeps the condition still.
            case "ErrImagePull" or "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull" or "ImageInspectError":
                return (1, "ImagePullBackOff", $"image {status.Image} cannot be pulled; check spec.engine.image and the pull secrets");
            case "CreateContainerConfigError" or "CreateContainerError" or "RunContainerError":
                return (2, waiting.Reason, waiting.Message ?? "the container cannot be created");
        }

        var failing = waiting?.Reason == "CrashLoopBackOff" || (status.Ready != true && status.RestartCount >= RestartsThatCount);
        if (!failing)
            return null;
        var end = status.State?.Terminated ?? status.LastState?.Terminated;
        var said = end?.Message?.Trim() is { Length: > 0 } text ? ": " + LastLines(text) : "";
        return (3, "CrashLoopBackOff", end is null
            ? $"container {status.Name} keeps failing"
            : $"container {status.Name} keeps failing with exit code {end.ExitCode}{said}");
    }

    // The kubelet hands over up to 4 KiB of log; the end of it tells what happened.
    private static string LastLines(string text) => text.Length <= 500 ? text : "..." + text[^500..];
}
