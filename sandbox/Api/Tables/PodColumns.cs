using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Tables;

/// <summary>Columns of pods; Status follows kubectl's long-standing rules, decided by the server.</summary>
internal static class PodColumns
{
    public static readonly IReadOnlyList<Column> All =
    [
        new("Ready", "string", static (o, _) => $"{Statuses(o).Count(s => s.Flag("ready"))}/{o.Child("spec").Items("containers").Count()}"),
        new("Status", "string", static (o, _) => Status(o)),
        new("Restarts", "string", static (o, now) => Restarts(o, now)),
    ];

    public static readonly IReadOnlyList<Column> Wide =
    [
        new("IP", "string", static (o, _) => o.At("status", "podIP").AsText() ?? "<none>", Priority: 1),
        new("Node", "string", static (o, _) => o.At("spec", "nodeName").AsText() ?? "<none>", Priority: 1),
        new("Nominated Node", "string", static (o, _) => o.At("status", "nominatedNodeName").AsText() ?? "<none>", Priority: 1),
        new("Readiness Gates", "string", static (o, _) => ReadinessGates(o), Priority: 1),
    ];

    /// <summary>Terminating, else what an init container waits for, else a container's reason, else the pod's own.</summary>
    public static string Status(JsonObject pod)
    {
        var status = pod.Child("status");
        var reason = status.Text("reason") ?? status.Text("phase") ?? "Unknown";
        reason = InitReason(pod) ?? ContainerReason(pod, reason);
        return pod.Metadata().ContainsKey("deletionTimestamp") ? "Terminating" : reason;
    }

    private static string? InitReason(JsonObject pod)
    {
        var containers = pod.Child("spec").Items("initContainers").ToList();
        var statuses = pod.Child("status").Items("initContainerStatuses").ToList();
        for (var i = 0; i < statuses.Count; i++)
        {
            var state = statuses[i].Child("state");
            if (state.Child("terminated") is { } done)
            {
                if ((done.Number("exitCode") ?? 0) == 0) continue;
                return $"Init:{done.Text("reason") ?? $"ExitCode:{done.Number("exitCode")}"}";
            }

            // A sidecar that runs does not hold the pod in its initialization.
            if (containers.ElementAtOrDefault(i).Text("restartPolicy") == "Always" && statuses[i].Flag("started")) continue;
            var waiting = state.Child("waiting").Text("reason");
            return waiting is { Length: > 0 } and not "PodInitializing" ? $"Init:{waiting}" : $"Init:{i}/{containers.Count}";
        }

        return null;
    }

    private static string ContainerReason(JsonObject pod, string phase)
    {
        var reason = phase;
        var running = false;
        foreach (var container in Statuses(pod).Reverse())
        {
            var state = container.Child("state");
            if (state.Child("waiting").Text("reason") is { Length: > 0 } waiting) reason = waiting;
            else if (state.Child("terminated") is { } done)
                reason = done.Text("reason") ?? (done.Number("signal") is > 0 and var signal ? $"Signal:{signal}" : $"ExitCode:{done.Number("exitCode")}");
            else running |= container.Flag("ready") && state.Child("running") is not null;
        }

        return reason == "Completed" && running ? "Running" : reason;
    }

    private static string Restarts(JsonObject pod, DateTimeOffset now)
    {
        var count = Statuses(pod).Sum(s => s.Number("restartCount") ?? 0);
        var last = Statuses(pod).Select(s => s.At("lastState", "terminated", "finishedAt").AsText()).Where(t => t is not null).Max(StringComparer.Ordinal);
        return count > 0 && last is not null ? $"{count} ({CellText.Since(last, now)} ago)" : count.ToString();
    }

    private static string ReadinessGates(JsonObject pod)
    {
        var gates = pod.Child("spec").Items("readinessGates").Select(g => g.Text("conditionType")).ToList();
        if (gates.Count == 0) return "<none>";
        var met = gates.Count(g => pod.Child("status").Items("conditions").Any(c => c.Text("type") == g && c.Text("status") == "True"));
        return $"{met}/{gates.Count}";
    }

    private static IEnumerable<JsonObject> Statuses(JsonObject pod) => pod.Child("status").Items("containerStatuses");
}
