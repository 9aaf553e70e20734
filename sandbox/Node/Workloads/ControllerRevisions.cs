using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Snapshots of a pod template, by which StatefulSets and DaemonSets remember and undo.</summary>
internal static class ControllerRevisions
{
    /// <summary>The revision's data: a patch that replaces the template whole.</summary>
    public static JsonObject DataOf(V1PodTemplateSpec template)
    {
        var json = Canonical.ToJson(template);
        json["$patch"] = "replace";
        return new JsonObject { ["spec"] = new JsonObject { ["template"] = json } };
    }

    public static V1PodTemplateSpec TemplateOf(V1ControllerRevision revision)
    {
        var json = JsonNode.Parse(KubernetesJson.Serialize(revision.Data))!["spec"]!["template"]!.AsObject();
        json.Remove("$patch");
        return KubernetesJson.Deserialize<V1PodTemplateSpec>(json.ToJsonString());
    }

    public static bool IsOf(V1ControllerRevision revision, V1PodTemplateSpec template) =>
        Canonical.Text(TemplateOf(revision)) == Canonical.Text(template);

    public static V1ControllerRevision Make(
        string parent, string @namespace, V1OwnerReference owner, V1PodTemplateSpec template, string hashLabel, long number, int? collisionCount)
    {
        var data = DataOf(template);
        var hash = Canonical.Hash(data, collisionCount is 0 ? null : collisionCount);
        return new V1ControllerRevision
        {
            ApiVersion = "apps/v1",
            Kind = "ControllerRevision",
            Metadata = new V1ObjectMeta
            {
                Name = $"{parent}-{hash}",
                NamespaceProperty = @namespace,
                Labels = new Dictionary<string, string>(template.Metadata?.Labels ?? new Dictionary<string, string>()) { [hashLabel] = hash },
                OwnerReferences = [owner],
            },
            Data = data,
            Revision = number,
        };
    }
}
