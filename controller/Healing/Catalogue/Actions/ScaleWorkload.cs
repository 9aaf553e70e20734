using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Sets a workload's number of replicas, never to 0.</summary>
internal sealed class ScaleWorkload : HealingAction
{
    internal const string ReplicasParameter = "replicas";

    // A wrong number must not buy a cluster: nobody heals by more than this.
    private const int MaxReplicas = 100;

    public override string Summary => "Set the number of replicas, at least 1.";

    public override IReadOnlyList<string> Kinds => [V1Deployment.KubeKind, V1StatefulSet.KubeKind];

    public override IReadOnlyList<string> Parameters => [ReplicasParameter];

    public override IReadOnlyList<string> Fields => ["/spec/replicas"];

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        Replicas(action) is >= 1 and <= MaxReplicas ? null : string.Create(CultureInfo.InvariantCulture, $"parameters.replicas must be a number of 1 to {MaxReplicas}");

    public override int PodsAtRisk(RemediationAction action, NamespaceSnapshot snapshot) =>
        snapshot.Workload(action.Target.Kind, action.Target.Name) is { } workload ? Math.Max(0, workload.Ready - Replicas(action)) : 0;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory) => obj["spec"]!["replicas"] = Replicas(action);

    private static int Replicas(RemediationAction action) =>
        int.TryParse(action.Parameters?.GetValueOrDefault(ReplicasParameter), NumberStyles.None, CultureInfo.InvariantCulture, out var replicas) ? replicas : 0;
}
