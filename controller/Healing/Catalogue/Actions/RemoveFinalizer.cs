using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection.Analysers;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>
/// Lets an object go that somebody deleted and that only an orphaned finalizer keeps. What the finalizer stood for is not done
/// any more, so a policy must name the type; and only objects that are remembered, which can be made anew.
/// </summary>
internal sealed class RemoveFinalizer : HealingAction
{
    internal const string FinalizerParameter = "finalizer";

    public override string Summary => "Take an orphaned finalizer off an object that is stuck in its deletion.";

    public override IReadOnlyList<string> Kinds => [V1Service.KubeKind, V1ConfigMap.KubeKind, V1Ingress.KubeKind];

    public override IReadOnlyList<string> Parameters => [FinalizerParameter];

    public override ActionEffect Effect => ActionEffect.Release;

    public override bool MustBeListed => true;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        memory.Of(action.Target.Kind, action.Target.Name) is null ? "target.name is not remembered, so nobody could make it anew"
        : snapshot.Find(action.Target.Kind, action.Target.Name) is { } obj && DeletionAnalyser.Orphaned(obj, snapshot).Contains(action.Parameters![FinalizerParameter]) ? null
        : "parameters.finalizer is not one that is orphaned and keeps the target from going";

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        // Contents that are only compared have no finalizers.
        if (obj["metadata"]?["finalizers"] is JsonArray all)
            obj["metadata"]!["finalizers"] = new JsonArray([.. all.Where(one => (string?)one != action.Parameters![FinalizerParameter]).Select(one => one!.DeepClone())]);
    }
}
