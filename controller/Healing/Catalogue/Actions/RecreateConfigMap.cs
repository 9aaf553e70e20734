using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Makes a deleted ConfigMap anew as it last was.</summary>
internal sealed class RecreateConfigMap : HealingAction
{
    public override string Summary => "Make a deleted ConfigMap anew from its last good state.";

    public override IReadOnlyList<string> Kinds => [V1ConfigMap.KubeKind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override ActionEffect Effect => ActionEffect.Create;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) => State(action, memory) is null ? StateProblem : null;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory) => Restore.Whole(obj, "v1", V1ConfigMap.KubeKind, State(action, memory)!);
}
