using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>
/// Makes a deleted object anew as it last was. A Service keeps its addresses where they are still free: processes that
/// started before know it by them.
/// </summary>
internal class RecreateObject : HealingAction
{
    public override string Summary => "Make a deleted object anew from its last good state.";

    public override IReadOnlyList<string> Kinds => [V1Service.KubeKind, V1ConfigMap.KubeKind, V1Ingress.KubeKind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override ActionEffect Effect => ActionEffect.Create;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) => State(action, memory) is null ? StateProblem : null;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        var (kind, state) = (KnownKinds.Of(action.Target.Kind), State(action, memory)!);
        (obj["apiVersion"], obj["kind"]) = (kind.ApiVersion, kind.Kind);
        var metadata = new JsonObject { ["name"] = state.Name };
        foreach (var (field, value) in state.Content)
        {
            if (field == "metadata")
                metadata["labels"] = value?["labels"]?.DeepClone();
            else
                obj[field] = value?.DeepClone();
        }

        obj["metadata"] = metadata;
    }
}
