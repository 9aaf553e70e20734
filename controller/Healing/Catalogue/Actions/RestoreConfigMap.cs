using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Puts entries that a ConfigMap lost back into it. Entries that are there stay as they are.</summary>
internal sealed class RestoreConfigMap : HealingAction
{
    public override string Summary => "Put entries that a ConfigMap lost back; those that are there stay.";

    public override IReadOnlyList<string> Kinds => [V1ConfigMap.KubeKind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override IReadOnlyList<string> Fields => ["/data"];

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) => State(action, memory) is null ? StateProblem : null;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        var data = obj["data"] as JsonObject ?? [];
        foreach (var (key, value) in State(action, memory)!.Content["data"] as JsonObject ?? [])
        {
            if (!data.ContainsKey(key))
                data[key] = value?.DeepClone();
        }

        if (data.Parent is null)
            obj["data"] = data;
    }
}
