using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Gives a workload the pod template that it last was well with, and the way in which it was rolled out: a rollback to a good revision.</summary>
internal sealed class RestoreTemplate : HealingAction
{
    private static readonly string[] Members = ["template", "strategy", "updateStrategy", "minReadySeconds"];

    public override string Summary => "Roll a workload back to the pod template and strategy that it last was well with.";

    public override IReadOnlyList<string> Kinds => [V1Deployment.KubeKind, V1StatefulSet.KubeKind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override IReadOnlyList<string> Fields => [.. Members.Select(member => $"/spec/{member}")];

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        State(action, memory)?.Content["spec"]?["template"] is null ? StateProblem : null;

    // Rolling updates take away what their own strategy allows; a Deployment that recreates takes all.
    public override int PodsAtRisk(RemediationAction action, NamespaceSnapshot snapshot) =>
        snapshot.Workload(action.Target.Kind, action.Target.Name) is { Object: V1Deployment { Spec.Strategy.Type: "Recreate" } } workload ? workload.Ready : 0;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        var (now, good) = (obj["spec"]!.AsObject(), State(action, memory)!.Content["spec"]!);
        foreach (var member in Members)
        {
            if (good[member] is { } value)
                now[member] = value.DeepClone();
            else
                now.Remove(member);
        }
    }
}
