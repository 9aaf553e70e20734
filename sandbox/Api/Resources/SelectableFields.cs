using System.Collections.Frozen;

namespace Ops.Sandbox.Api.Resources;

/// <summary>The fields, beyond name and namespace, that kube-apiserver lets clients select by.</summary>
internal static class SelectableFields
{
    private static readonly FrozenDictionary<string, string[]> BuiltIn = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["pods"] = ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"],
        ["events"] =
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ],
        ["events.events.k8s.io"] =
        [
            "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion",
            "regarding.resourceVersion", "regarding.fieldPath", "reason", "reportingController", "type",
        ],
        ["secrets"] = ["type"],
        ["namespaces"] = ["status.phase"],
        ["nodes"] = ["spec.unschedulable"],
        ["services"] = ["spec.clusterIP", "spec.type"],
        ["replicasets.apps"] = ["status.replicas"],
        ["replicationcontrollers"] = ["status.replicas"],
        ["jobs.batch"] = ["status.successful"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool Supports(ServedResource resource, string field)
    {
        if (field is "metadata.name" or "metadata.namespace") return true;
        if (resource.Kind.IsCustom || resource.Kind.SelectableFields.Count > 0) return resource.Kind.SelectableFields.Contains(field, StringComparer.Ordinal);
        return BuiltIn.TryGetValue(resource.Id.ToString(), out var fields) && fields.Contains(field, StringComparer.Ordinal);
    }

    /// <summary>Where the field stands in the stored document.</summary>
    public static string StoredPath(ServedResource resource, string field)
    {
        if (!EventConversion.Applies(resource.Storage)) return field;
        if (field == "source") return "source.component";
        if (field == "reportingController") return "reportingComponent";
        return field.StartsWith("regarding.", StringComparison.Ordinal) ? $"involvedObject.{field["regarding.".Length..]}" : field;
    }
}
