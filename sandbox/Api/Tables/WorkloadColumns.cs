using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Tables;

/// <summary>Columns of everything that makes pods.</summary>
internal static class WorkloadColumns
{
    public static readonly IReadOnlyList<Column> Containers =
    [
        new("Containers", "string", static (o, _) => string.Join(',', PodContainers(o).Select(c => c.Text("name"))), Priority: 1),
        new("Images", "string", static (o, _) => string.Join(',', PodContainers(o).Select(c => c.Text("image"))), Priority: 1),
    ];

    public static readonly IReadOnlyList<Column> ContainersAndSelector =
    [
        .. Containers,
        new("Selector", "string", static (o, _) => SelectorText.Of(o.At("spec", "selector") as JsonObject), Priority: 1),
    ];

    public static readonly IReadOnlyList<Column> Deployment =
    [
        new("Ready", "string", static (o, _) => $"{Status(o, "readyReplicas")}/{Spec(o, "replicas")}"),
        new("Up-to-date", "string", static (o, _) => Status(o, "updatedReplicas").ToString()),
        new("Available", "string", static (o, _) => Status(o, "availableReplicas").ToString()),
    ];

    public static readonly IReadOnlyList<Column> ReplicaSet =
    [
        new("Desired", "integer", static (o, _) => Spec(o, "replicas")),
        new("Current", "integer", static (o, _) => Status(o, "replicas")),
        new("Ready", "integer", static (o, _) => Status(o, "readyReplicas")),
    ];

    public static readonly IReadOnlyList<Column> StatefulSet =
    [
        new("Ready", "string", static (o, _) => $"{Status(o, "readyReplicas")}/{Spec(o, "replicas")}"),
    ];

    public static readonly IReadOnlyList<Column> DaemonSet =
    [
        new("Desired", "integer", static (o, _) => Status(o, "desiredNumberScheduled")),
        new("Current", "integer", static (o, _) => Status(o, "currentNumberScheduled")),
        new("Ready", "integer", static (o, _) => Status(o, "numberReady")),
        new("Up-to-date", "integer", static (o, _) => Status(o, "updatedNumberScheduled")),
        new("Available", "integer", static (o, _) => Status(o, "numberAvailable")),
        new("Node Selector", "string", static (o, _) => Pairs(o.At("spec", "template", "spec", "nodeSelector") as JsonObject)),
    ];

    public static readonly IReadOnlyList<Column> Job =
    [
        new("Status", "string", static (o, _) => JobStatus(o)),
        new("Completions", "string", static (o, _) => $"{Status(o, "succeeded")}/{o.At("spec", "completions").AsLong() ?? 1}"),
        new("Duration", "string", static (o, now) => JobDuration(o, now)),
    ];

    public static readonly IReadOnlyList<Column> CronJob =
    [
        new("Schedule", "string", static (o, _) => o.At("spec", "schedule").AsText()),
        new("Timezone", "string", static (o, _) => o.At("spec", "timeZone").AsText() ?? "<none>"),
        new("Suspend", "boolean", static (o, _) => o.Child("spec").Flag("suspend").ToString()),
        new("Active", "integer", static (o, _) => o.Child("status").Items("active").Count()),
        new("Last Schedule", "string", static (o, now) => o.At("status", "lastScheduleTime").AsText() is { } last ? CellText.Since(last, now) : "<none>"),
    ];

    public static readonly IReadOnlyList<Column> ControllerRevision =
    [
        new("Controller", "string", static (o, _) => o.Metadata().Items("ownerReferences").FirstOrDefault(r => r.Flag("controller")) is { } owner
            ? $"{owner.Text("kind")!.ToLowerInvariant()}.{owner.Text("apiVersion")!.Split('/')[0]}/{owner.Text("name")}"
            : "<none>"),
        new("Revision", "integer", static (o, _) => o.Number("revision")),
    ];

    public static string Pairs(JsonObject? map) =>
        map is { Count: > 0 } ? string.Join(',', map.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}={m.Value.AsText()}")) : "<none>";

    private static string JobStatus(JsonObject job)
    {
        bool Has(string type) => job.Child("status").Items("conditions").Any(c => c.Text("type") == type && c.Text("status") == "True");
        if (Has("Complete")) return "Complete";
        if (Has("Failed")) return "Failed";
        if (job.Metadata().ContainsKey("deletionTimestamp")) return "Terminating";
        return Has("Suspended") ? "Suspended" : "Running";
    }

    private static string? JobDuration(JsonObject job, DateTimeOffset now)
    {
        if (job.At("status", "startTime").AsText() is not { } start) return "";
        var end = DateTimeOffset.TryParse(job.At("status", "completionTime").AsText(), out var completed) ? completed : now;
        return CellText.Since(start, end);
    }

    private static IEnumerable<JsonObject> PodContainers(JsonObject workload) => (workload.At("spec", "template", "spec") as JsonObject).Items("containers");

    private static long Spec(JsonObject o, string name) => o.At("spec", name).AsLong() ?? 0;

    private static long Status(JsonObject o, string name) => o.At("status", name).AsLong() ?? 0;
}
