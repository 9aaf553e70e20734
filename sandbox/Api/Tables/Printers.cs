using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Tables;

/// <summary>Finds the printer of a resource: its own, its CRD's columns, or Name and Age.</summary>
internal static class Printers
{
    private static readonly Column Name = new(
        "Name", "string", static (o, _) => o.Metadata().Text("name"), Format: "name", Description: "Name must be unique within a namespace.");

    private static readonly Column Age = new("Age", "string", static (o, now) => CellText.Since(o.Metadata().Text("creationTimestamp"), now));

    private static readonly Column CreatedAt = new("Created At", "date", static (o, _) => o.Metadata().Text("creationTimestamp"));

    private static readonly Printer Default = new([Name, Age]);

    private static readonly FrozenDictionary<string, Printer> BuiltIn = new Dictionary<string, Printer>(StringComparer.Ordinal)
    {
        ["pods"] = new([Name, .. PodColumns.All, Age, .. PodColumns.Wide]),
        ["deployments.apps"] = new([Name, .. WorkloadColumns.Deployment, Age, .. WorkloadColumns.ContainersAndSelector]),
        ["replicasets.apps"] = new([Name, .. WorkloadColumns.ReplicaSet, Age, .. WorkloadColumns.ContainersAndSelector]),
        ["statefulsets.apps"] = new([Name, .. WorkloadColumns.StatefulSet, Age, .. WorkloadColumns.Containers]),
        ["daemonsets.apps"] = new([Name, .. WorkloadColumns.DaemonSet, Age, .. WorkloadColumns.ContainersAndSelector]),
        ["jobs.batch"] = new([Name, .. WorkloadColumns.Job, Age, .. WorkloadColumns.ContainersAndSelector]),
        ["cronjobs.batch"] = new([Name, .. WorkloadColumns.CronJob, Age]),
        ["controllerrevisions.apps"] = new([Name, .. WorkloadColumns.ControllerRevision, Age]),
        ["services"] = new([Name, .. NetworkColumns.Service, Age, NetworkColumns.Selector]),
        ["endpoints"] = new([Name, NetworkColumns.Endpoints, Age]),
        ["endpointslices.discovery.k8s.io"] = new([Name, .. NetworkColumns.EndpointSlice, Age]),
        ["ingresses.networking.k8s.io"] = new([Name, .. NetworkColumns.Ingress, Age]),
        ["nodes"] = new([Name, .. ClusterColumns.Node, Age, .. ClusterColumns.NodeWide]),
        ["namespaces"] = new([Name, ClusterColumns.Phase, Age]),
        ["configmaps"] = new([Name, ClusterColumns.Data("data", "binaryData"), Age]),
        ["secrets"] = new([Name, ClusterColumns.Type, ClusterColumns.Data("data"), Age]),
        ["serviceaccounts"] = new([Name, ClusterColumns.Secrets, Age]),
        ["persistentvolumeclaims"] = new([Name, .. ClusterColumns.Claim, Age]),
        ["leases.coordination.k8s.io"] = new([Name, ClusterColumns.Holder, Age]),
        ["horizontalpodautoscalers.autoscaling"] = new([Name, .. ClusterColumns.Autoscaler, Age]),
        ["poddisruptionbudgets.policy"] = new([Name, .. ClusterColumns.DisruptionBudget, Age]),
        ["roles.rbac.authorization.k8s.io"] = new([Name, CreatedAt]),
        ["clusterroles.rbac.authorization.k8s.io"] = new([Name, CreatedAt]),
        ["rolebindings.rbac.authorization.k8s.io"] = new([Name, .. ClusterColumns.Binding, Age]),
        ["clusterrolebindings.rbac.authorization.k8s.io"] = new([Name, .. ClusterColumns.Binding, Age]),
        ["customresourcedefinitions.apiextensions.k8s.io"] = new([Name, CreatedAt]),
        ["events"] = EventColumns.Printer,
        ["events.events.k8s.io"] = EventColumns.Printer,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The table of a scale subresource.</summary>
    public static Printer Scale { get; } = new(
    [
        Name,
        new Column("Desired", "integer", static (o, _) => o.At("spec", "replicas").AsLong() ?? 0),
        new Column("Available", "integer", static (o, _) => o.At("status", "replicas").AsLong() ?? 0),
        Age,
    ]);

    public static Printer For(ServedResource resource)
    {
        if (!resource.Kind.IsCustom) return BuiltIn.GetValueOrDefault(resource.Id.ToString(), Default);
        return resource.Kind.PrinterColumns.Count == 0 ? Default : new Printer([Name, .. resource.Kind.PrinterColumns.Select(Custom)]);
    }

    private static Column Custom(PrinterColumn column) => new(
        column.Name, column.Type, (o, now) => CustomCell(column, o, now), column.Priority, column.Format, column.Description);

    private static JsonNode? CustomCell(PrinterColumn column, JsonObject document, DateTimeOffset now)
    {
        var values = JsonPath.Evaluate(document, column.JsonPath);
        if (values.Count == 0) return null;
        return column.Type switch
        {
            "date" => CellText.Since(values[0].AsText(), now),
            "integer" => values[0].AsLong(),
            "number" or "boolean" => values[0].DeepClone(),
            _ => JsonPath.AsText(values[0]),
        };
    }
}
