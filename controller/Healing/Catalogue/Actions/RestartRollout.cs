using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>
/// Makes the pods of a workload anew one after the other, as kubectl rollout restart does: a mark in the pod template, and the
/// workload's own strategy keeps what it must keep.
/// </summary>
internal sealed class RestartRollout : HealingAction
{
    internal const string AtParameter = "at";

    private const string Mark = "kubectl.kubernetes.io/restartedAt";

    public override string Summary => "Make the pods of a workload anew, one after the other, as its strategy says.";

    public override IReadOnlyList<string> Kinds => [V1Deployment.KubeKind, V1StatefulSet.KubeKind];

    public override IReadOnlyList<string> Parameters => [AtParameter];

    public override IReadOnlyList<string> Fields => ["/spec/template/metadata"];

    public override ActionEffect Effect => ActionEffect.Restart;

    /// <summary>The parameter for a time.</summary>
    public static string At(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        StandsStill(action, snapshot) ? $"StatefulSet {action.Target.Name} does not replace its pods by itself: spec.updateStrategy is OnDelete, or has a partition"
        : DateTimeOffset.TryParseExact(action.Parameters!.GetValueOrDefault(AtParameter), "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
            ? null
        : "parameters.at must be a time such as 2026-01-01T00:00:00Z";

    // A Deployment makes the new pod first unless it recreates, which takes all; a StatefulSet has no second pod of a name.
    public override int PodsAtRisk(RemediationAction action, NamespaceSnapshot snapshot) => snapshot.Workload(action.Target.Kind, action.Target.Name) switch
    {
        { Object: V1Deployment { Spec.Strategy.Type: "Recreate" } } workload => workload.Ready,
        { Object: V1StatefulSet } workload => Math.Min(1, workload.Ready),
        _ => 0,
    };

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        var template = obj["spec"]!["template"]!.AsObject();
        if (template["metadata"] is not JsonObject metadata)
            template["metadata"] = metadata = [];
        if (metadata["annotations"] is not JsonObject annotations)
            metadata["annotations"] = annotations = [];
        annotations[Mark] = action.Parameters![AtParameter];
    }

    // A mark in the template would make no pod anew, or only some of them.
    private static bool StandsStill(RemediationAction action, NamespaceSnapshot snapshot) =>
        snapshot.Workload(action.Target.Kind, action.Target.Name) is { Object: V1StatefulSet { Spec.UpdateStrategy: { } strategy } } && (strategy.Type == "OnDelete" || strategy.RollingUpdate?.Partition > 0);
}
