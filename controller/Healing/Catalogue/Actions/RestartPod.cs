using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Deletes a pod that a controller replaces. A pod of nobody would be gone for good, so it is refused.</summary>
internal sealed class RestartPod : HealingAction
{
    public override string Summary => "Delete one pod of a workload, so that its controller makes a new one.";

    public override IReadOnlyList<string> Kinds => [V1Pod.KubeKind];

    public override ActionEffect Effect => ActionEffect.Delete;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        snapshot.Workloads.Any(workload => workload.Pods.Any(pod => pod.Metadata.Name == action.Target.Name)) ? null : "target.name is not a pod of a Deployment or StatefulSet";

    public override int PodsAtRisk(RemediationAction action, NamespaceSnapshot snapshot) =>
        snapshot.Pods.Any(pod => pod.Metadata.Name == action.Target.Name && pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true) ? 1 : 0;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
    }
}
