using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>What a pod's status says of runs before this sandbox started: its processes are gone, its counts go on.</summary>
internal static class EarlierRuns
{
    /// <summary>Exit code of a run whose end nobody saw, as container runtimes report it after a reboot.</summary>
    private const int Unknown = 255;

    public static IReadOnlyList<ContainerSlot> Restore(V1Pod pod, DateTimeOffset now)
    {
        var slots = new List<ContainerSlot>();
        var restarting = (pod.Status?.ContainerStatuses ?? []).Any(status => status.State?.Running is not null);
        foreach (var container in pod.Spec.InitContainers ?? [])
            slots.Add(Restore(new ContainerSlot(container, isInit: true), pod.Status?.InitContainerStatuses, now, runsAgain: restarting));
        foreach (var container in pod.Spec.Containers)
            slots.Add(Restore(new ContainerSlot(container, isInit: false), pod.Status?.ContainerStatuses, now, runsAgain: false));
        if (slots.Exists(slot => slot.IsInit))
            return slots;
        foreach (var slot in slots.Where(slot => slot.Waiting is { Reason: "PodInitializing" }))
            slot.Waiting = new V1ContainerStateWaiting { Reason = "ContainerCreating" };
        return slots;
    }

    private static ContainerSlot Restore(ContainerSlot slot, IList<V1ContainerStatus>? statuses, DateTimeOffset now, bool runsAgain)
    {
        if (statuses?.FirstOrDefault(status => status.Name == slot.Spec.Name) is not { } old || old.State is not { } state)
            return slot;
        slot.RestartCount = old.RestartCount;
        slot.ContainerId = old.ContainerID;
        slot.Last = old.LastState?.Terminated;
        slot.HasRun = state.Running is not null || state.Terminated is not null || slot.Last is not null;
        if (state.Running is { } running)
        {
            slot.Ended = new V1ContainerStateTerminated { ExitCode = Unknown, Reason = "Unknown", StartedAt = running.StartedAt, FinishedAt = now.UtcDateTime, ContainerID = old.ContainerID };
            slot.Waiting = null;
        }
        else if (state.Terminated is { } ended)
        {
            // A machine that boots runs the init containers of a pod again before its main ones.
            slot.Ended = runsAgain && slot.IsInit ? null : ended;
            slot.Last = runsAgain && slot.IsInit ? ended : slot.Last;
            slot.RestartCount += runsAgain && slot.IsInit ? 1 : 0;
            slot.Waiting = slot.Ended is null ? slot.Waiting : null;
        }
        else if (slot.Last is { } last)
        {
            slot.Ended = last;
            slot.Waiting = state.Waiting;
        }
        return slot;
    }
}
