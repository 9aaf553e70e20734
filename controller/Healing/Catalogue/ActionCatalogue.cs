using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue.Actions;

namespace Ops.Healing.Catalogue;

/// <summary>Everything that healing can do. There is no other way to a write: no shell, no exec, no free-form patch.</summary>
public static class ActionCatalogue
{
    /// <summary>Every type.</summary>
    public static IReadOnlyList<HealingAction> All { get; } =
    [
        new RestoreTemplate(),
        new ScaleWorkload(),
        new RestartPod(),
        new RestoreFields(V1Service.KubeKind, "/spec/selector", "/spec/ports", "/spec/internalTrafficPolicy"),
        new RestoreConfigMap(),
        new RecreateObject(),
        new RestoreFields(V1Ingress.KubeKind, "/spec"),
        new RestoreFields(V1NetworkPolicy.KubeKind, "/spec"),
        new RestoreFields(V2HorizontalPodAutoscaler.KubeKind, "/spec"),
        new RestoreFields(V1PodDisruptionBudget.KubeKind, "/spec"),
        new RestoreFields(V1ResourceQuota.KubeKind, "/spec/hard"),
        new RestoreFields(V1LimitRange.KubeKind, "/spec/limits"),
        new RestoreFields(ModelPool.KindName, "/spec"),
        new RestoreFields(ModelRoute.KindName, "/spec"),
        new RestoreFields(ShardedStore.KindName, "/spec"),
        new RestoreAccess(),
        new RecreateAccess(),
        new UncordonNode(),
        new RemoveTaint(),
    ];

    /// <summary>A type by its name, or null.</summary>
    /// <param name="type">For example ScaleWorkload.</param>
    public static HealingAction? Find(string type) => All.FirstOrDefault(action => action.Type == type);
}
