using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Makes a deleted Service anew as it last was, with its own address where that is still free.</summary>
internal sealed class RecreateService : HealingAction
{
    public override string Summary => "Make a deleted Service anew from its last good state.";

    public override IReadOnlyList<string> Kinds => [V1Service.KubeKind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override ActionEffect Effect => ActionEffect.Create;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) => State(action, memory) is null ? StateProblem : null;

    // The addresses stay: processes that started before know the Service by them.
    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory) => Restore.Whole(obj, "v1", V1Service.KubeKind, State(action, memory)!);
}
