using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>The status that a kubelet publishes: phase, conditions and container states from what runs.</summary>
internal static class PodStatusBuilder
{
    public static V1PodStatus Build(
        V1Pod pod, IReadOnlyList<ContainerSlot> slots, string? podIP, string hostIP, bool isTerminating, (string Reason, string Message)? failure, DateTimeOffset now)
    {
        var old = pod.Status ?? new V1PodStatus();
        var phase = failure is not null ? "Failed" : PhaseOf(pod, slots, isTerminating);
        var status = new V1PodStatus
        {
            Phase = phase,
            Conditions = Conditions(pod, slots, phase, now),
            HostIP = hostIP,
            HostIPs = [new V1HostIP { Ip = hostIP }],
            PodIP = podIP,
            PodIPs = podIP is null ? null : [new V1PodIP { Ip = podIP }],
            StartTime = old.StartTime ?? now.UtcDateTime,
            QosClass = old.QosClass,
            Reason = failure?.Reason,
            Message = failure?.Message,
            InitContainerStatuses = NullIfEmpty([.. slots.Where(slot => slot.IsInit).Select(StatusOf)]),
            ContainerStatuses = [.. slots.Where(slot => !slot.IsInit).Select(StatusOf)],
        };
        return status;
    }

    internal static string PhaseOf(V1Pod pod, IReadOnlyList<ContainerSlot> slots, bool isTerminating)
    {
        var policy = isTerminating ? "Never" : pod.Spec.RestartPolicy ?? "Always";
        var inits = slots.Where(slot => slot.IsInit && !slot.IsSidecar).ToList();
        if (inits.Exists(slot => slot.HasFailed) && policy == "Never")
            return "Failed";
        var mains = slots.Where(slot => !slot.IsInit).ToList();
        if (isTerminating && !slots.Any(slot => slot.IsRunning))
            return mains.TrueForAll(slot => slot.HasSucceeded) ? "Succeeded" : "Failed";
        if (inits.Exists(slot => !slot.HasSucceeded))
            return "Pending";
        if (mains.Exists(slot => !slot.IsRunning && !slot.HasRun))
            return "Pending";
        if (mains.Exists(slot => slot.IsRunning || slot.Ended is null))
            return "Running";
        if (policy == "Always")
            return "Running";
        if (mains.TrueForAll(slot => slot.HasSucceeded))
            return "Succeeded";
        return policy == "Never" ? "Failed" : "Running";
    }

    private static V1ContainerStatus StatusOf(ContainerSlot slot)
    {
        var state = new V1ContainerState();
        if (slot.Process is { } process)
            state.Running = new V1ContainerStateRunning { StartedAt = process.StartedAt.UtcDateTime };
        else if (slot.Waiting is not null)
            state.Waiting = slot.Waiting;
        else
            state.Terminated = slot.Ended;
        // A container that waits shows how its latest run ended as the last state.
        var last = slot.Process is null && slot.Waiting is not null ? slot.Ended ?? slot.Last : slot.Last;
        return new V1ContainerStatus
        {
            Name = slot.Spec.Name,
            Image = slot.Spec.Image,
            ImageID = slot.HasRun ? slot.Spec.Image : string.Empty,
            ContainerID = slot.ContainerId,
            Ready = slot.IsInit && !slot.IsSidecar ? slot.HasSucceeded : slot.IsReady,
            Started = slot.IsInit && !slot.IsSidecar ? slot.IsRunning : slot.IsStarted,
            RestartCount = slot.RestartCount,
            State = state,
            LastState = new V1ContainerState { Terminated = last },
        };
    }

    private static List<V1PodCondition> Conditions(V1Pod pod, IReadOnlyList<ContainerSlot> slots, string phase, DateTimeOffset now)
    {
        var ended = phase is "Succeeded" or "Failed";
        var waiting = slots.Where(slot => slot.IsInit && !(slot.IsSidecar ? slot.IsStarted : slot.HasSucceeded)).Select(slot => slot.Spec.Name).ToList();
        var unready = slots.Where(slot => !slot.IsInit && !slot.IsReady).Select(slot => slot.Spec.Name).ToList();
        var initialized = waiting.Count == 0 || phase == "Succeeded"
            ? Condition("Initialized", true, phase == "Succeeded" ? "PodCompleted" : null, null)
            : Condition("Initialized", false, "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', waiting)}]");
        V1PodCondition Readiness(string type) => unready.Count == 0 && !ended
            ? Condition(type, true, null, null)
            : ended
                ? Condition(type, false, phase == "Succeeded" ? "PodCompleted" : "PodFailed", null)
                : Condition(type, false, "ContainersNotReady", $"containers with unready status: [{string.Join(' ', unready)}]");
        var ready = Readiness("Ready");
        if (ready.Status == "True" && MissingGate(pod) is { } gate)
            ready = Condition("Ready", false, "ReadinessGatesNotReady", gate);
        var made = new List<V1PodCondition> { initialized, ready, Readiness("ContainersReady"), Condition("PodScheduled", true, null, null) };
        foreach (var condition in made)
        {
            var old = (pod.Status?.Conditions ?? []).FirstOrDefault(one => one.Type == condition.Type);
            condition.LastTransitionTime = old?.Status == condition.Status ? old.LastTransitionTime : now.UtcDateTime;
        }
        // Conditions of others (readiness gates, disruption) stay as they are.
        return [.. made, .. (pod.Status?.Conditions ?? []).Where(old => !made.Exists(condition => condition.Type == old.Type))];
    }

    private static string? MissingGate(V1Pod pod)
    {
        foreach (var gate in pod.Spec.ReadinessGates ?? [])
        {
            var condition = (pod.Status?.Conditions ?? []).FirstOrDefault(one => one.Type == gate.ConditionType);
            if (condition is null)
                return $"corresponding condition of pod readiness gate \"{gate.ConditionType}\" does not exist.";
            if (condition.Status != "True")
                return $"the status of pod readiness gate \"{gate.ConditionType}\" is not \"True\", but {condition.Status}";
        }
        return null;
    }

    private static V1PodCondition Condition(string type, bool status, string? reason, string? message) =>
        new() { Type = type, Status = status ? "True" : "False", Reason = reason, Message = message };

    private static List<V1ContainerStatus>? NullIfEmpty(List<V1ContainerStatus> statuses) => statuses.Count == 0 ? null : statuses;
}
