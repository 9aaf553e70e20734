using k8s.Models;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Health;

/// <summary>A pod as a row: how it is, and what it said last. Pure.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Urgency">How it is.</param>
/// <param name="State">The same in a word, the container's own reason where it has one.</param>
/// <param name="Node">Where it runs.</param>
/// <param name="ColdStart">From its creation until it was ready; null before.</param>
/// <param name="Restarts">Of its containers.</param>
/// <param name="Reading">What it said last, or null.</param>
internal sealed record PodRow(string Name, Urgency Urgency, string State, string? Node, TimeSpan? ColdStart, int Restarts, PodReading? Reading)
{
    /// <summary>The row of a pod.</summary>
    public static PodRow Of(V1Pod pod, PodReading? reading)
    {
        var statuses = pod.Status?.ContainerStatuses ?? [];
        var waiting = statuses.FirstOrDefault(status => status.State?.Waiting is not null)?.State.Waiting;
        var ready = pod.Status?.Conditions?.FirstOrDefault(condition => condition.Type == "Ready");
        var restarts = statuses.Sum(status => status.RestartCount);
        var (urgency, state) = (pod.Metadata.DeletionTimestamp, pod.Status?.Phase, ready?.Status, waiting) switch
        {
            (not null, _, _, _) => (Urgency.Note, "leaving"),
            (_, _, "True", _) => (Urgency.Fine, "ready"),
            (_, _, _, { Reason: { Length: > 0 } reason }) => (reason == "ContainerCreating" ? Urgency.Note : Urgency.Critical, reason),
            (_, "Pending", _, _) => (Urgency.Warning, "pending"),
            (_, "Failed", _, _) => (Urgency.Critical, "failed"),
            _ => (Urgency.Warning, "not ready"),
        };
        // After a restart the condition's time is no longer that of the first start.
        var start = ready is { Status: "True", LastTransitionTime: { } since } && restarts == 0 && pod.Metadata.CreationTimestamp is { } created ? since - created : (TimeSpan?)null;
        return new(pod.Metadata.Name, urgency, state, pod.Spec?.NodeName, start, restarts, reading);
    }
}
