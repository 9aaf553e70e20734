using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue.Actions;

namespace Ops.Healing.Catalogue;

/// <summary>Everything that healing can do. There is no other way to a write: no shell, no exec, no free-form patch.</summary>
public static class ActionCatalogue
{
    /// <summary>Every type that repairs.</summary>
    public static IReadOnlyList<HealingAction> All { get; } =
    [
        new RestoreTemplate(),
        new ScaleWorkload(),
        new RestartPod(),
        new RestartRollout(),
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
        new RemoveFinalizer(),
        new RestorePodSecurity(),
        new RestoreWebhooks(),
        new UncordonNode(),
        new RemoveTaint(),
    ];

    /// <summary>Tasks that people give: no planner and no model is offered one.</summary>
    public static IReadOnlyList<HealingAction> Tasks { get; } = [new CreateDeployment(), new SetImage(), new SetEnvironment()];

    // Inverses, which only a person asks for either.
    private static readonly IReadOnlyList<HealingAction> Inverses =
        [.. All.Concat(Tasks).Where(type => type is { Effect: ActionEffect.Change } and not ScaleWorkload && !type.Kinds.Contains(V1Node.KubeKind)).Select(type => new TakeBack(type))];

    /// <summary>A type, or the inverse of one, by its name; or null.</summary>
    /// <param name="type">For example ScaleWorkload, or UndoRestoreTemplate.</param>
    public static HealingAction? Find(string type) => All.Concat(Tasks).Concat(Inverses).FirstOrDefault(action => action.Type == type);
}
