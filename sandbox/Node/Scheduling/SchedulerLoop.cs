using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;
using Ops.Sandbox.Node.Volumes;

namespace Ops.Sandbox.Node.Scheduling;

/// <summary>Binds waiting pods one after another, and says of each that cannot go anywhere why.</summary>
internal sealed class SchedulerLoop : IAsyncDisposable
{
    private const string Name = "default-scheduler";

    private static readonly ObjectName Round = new(string.Empty, "round");

    private readonly ClusterState state;
    private readonly ReconcileLoop loop;

    public SchedulerLoop(ClusterState state, ILogger logger)
    {
        this.state = state;
        loop = new ReconcileLoop("scheduler", _ => PlaceAll(), state.Clock, logger);
        state.Pods.Changed += (before, after) =>
        {
            // Arrivals want a place; departures and ends make one. Status changes of running pods do neither.
            if (after is null || Pods.IsTerminal(after) || (IsWaiting(after) && (before is null || !Canonical.Same(before.Spec, after.Spec))))
                loop.Enqueue(Round);
        };
        state.Nodes.Changed += (before, after) =>
        {
            if (before is null || after is null || !SamePlaces(before, after))
                loop.Enqueue(Round);
        };
        // A claim that is bound, or gone, decides over pods that wait.
        state.Claims.Changed += (_, _) => loop.Enqueue(Round);
    }

    public ValueTask DisposeAsync() => loop.DisposeAsync();

    private static bool IsWaiting(V1Pod pod) =>
        string.IsNullOrEmpty(pod.Spec.NodeName) && Pods.IsActive(pod) && pod.Spec.SchedulerName is null or Name;

    private static bool SamePlaces(V1Node before, V1Node after) =>
        Canonical.Same(before.Spec, after.Spec)
        && Canonical.Same(before.Metadata.Labels, after.Metadata.Labels)
        && Canonical.Same(before.Status?.Allocatable, after.Status?.Allocatable);

    private TimeSpan? PlaceAll()
    {
        var picture = new ClusterPicture(state.Nodes.All(), state.Pods.All(), new VolumeFit(state.Claims.All(), state.Volumes.All()));
        // Priority first, then age: a pod that waits longest is not overtaken by its equals.
        var waiting = state.Pods.All().Where(IsWaiting)
            .OrderByDescending(pod => pod.Spec.Priority ?? 0)
            .ThenBy(pod => pod.Metadata.CreationTimestamp)
            .ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal);
        foreach (var pod in waiting)
        {
            try
            {
                Place(pod, picture);
            }
            catch (Api.ApiException refusal) when (refusal.IsNotFound || refusal.IsConflict)
            {
                // Gone or changed meanwhile: its next event starts another round.
            }
        }
        return null;
    }

    private void Place(V1Pod pod, ClusterPicture picture)
    {
        if (pod.Spec.SchedulingGates is { Count: > 0 })
        {
            Explain(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", tell: false);
            return;
        }
        var placement = PodScheduler.Choose(pod, picture);
        if (placement.Node is not { } node)
        {
            var room = Preemption.Choose(pod, picture);
            Explain(pod, "Unschedulable", placement.Message!, tell: true, room?.Node);
            if (room is not null)
                MakeRoom(pod, room, picture);
            return;
        }
        // The uid keeps a namesake that came meanwhile from being bound in its place.
        state.Patch<V1Pod>(pod.Metadata.NamespaceProperty, pod.Metadata.Name, new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid },
            ["spec"] = new JsonObject { ["nodeName"] = node },
        });
        picture.Place(pod, node);
        state.Events.Tell(new Narration(References.To(pod), Name, "Scheduled", $"Successfully assigned {pod.Metadata.NamespaceProperty}/{pod.Metadata.Name} to {node}"));
    }

    /// <summary>The victims go with their own grace period; until then their room is kept for the pod they go for.</summary>
    private void MakeRoom(V1Pod pod, Eviction room, ClusterPicture picture)
    {
        foreach (var victim in room.Victims)
        {
            var copy = Canonical.Copy(victim);
            copy.Status.Conditions =
            [
                .. (copy.Status.Conditions ?? []).Where(condition => condition.Type != "DisruptionTarget"),
                new V1PodCondition
                {
                    Type = "DisruptionTarget", Status = "True", Reason = "PreemptionByScheduler", Message = $"{Name}: preempting to accommodate a higher priority pod",
                    LastTransitionTime = state.Clock.GetUtcNow().UtcDateTime,
                },
            ];
            state.UpdateStatus(copy);
            state.Delete(victim);
            state.Events.Tell(new Narration(References.To(victim), Name, "Preempted", $"Preempted by pod {pod.Metadata.Uid} on node {room.Node}"));
        }

        // Pods after this one have at most its priority: they must not take what it waits for.
        picture.Place(pod, room.Node);
    }

    private void Explain(V1Pod pod, string reason, string message, bool tell, string? nominated = null)
    {
        var old = Pods.Condition(pod, "PodScheduled");
        if (old is { Status: "False" } && old.Reason == reason && old.Message == message && pod.Status.NominatedNodeName == nominated)
            return;
        var copy = Canonical.Copy(pod);
        copy.Status ??= new V1PodStatus { Phase = "Pending" };
        copy.Status.NominatedNodeName = nominated;
        copy.Status.Conditions =
        [
            .. (copy.Status.Conditions ?? []).Where(condition => condition.Type != "PodScheduled"),
            new V1PodCondition
            {
                Type = "PodScheduled", Status = "False", Reason = reason, Message = message,
                LastTransitionTime = old?.Status == "False" ? old.LastTransitionTime : state.Clock.GetUtcNow().UtcDateTime,
            },
        ];
        state.UpdateStatus(copy);
        if (tell)
            state.Events.Tell(new Narration(References.To(pod), Name, "FailedScheduling", message, "Warning"));
    }
}
