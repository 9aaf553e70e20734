using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>
/// Gives the namespace the pod security labels that its pods last could be made under, and leaves all other labels as they are.
/// A stricter level may be somebody's intention, so a policy must name the type, and the right to write the namespace is bound
/// apart.
/// </summary>
internal sealed class RestorePodSecurity : HealingAction
{
    /// <summary>What the labels begin with.</summary>
    internal const string Prefix = "pod-security.kubernetes.io/";

    private static readonly string[] Labels = ["enforce", "enforce-version", "warn", "warn-version", "audit", "audit-version"];

    public override string Summary => "Give the namespace the pod security labels that its pods last could be made under.";

    public override IReadOnlyList<string> Kinds => [V1Namespace.KubeKind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override IReadOnlyList<string> Fields => [.. Labels.Select(label => $"/metadata/labels/{Prefix.Replace("/", "~1", StringComparison.Ordinal)}{label}")];

    public override bool MustBeListed => true;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        action.Target.Name != snapshot.Namespace ? "target.name is another namespace" : State(action, memory) is null ? StateProblem : null;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        var good = State(action, memory)!.Content["metadata"]?["labels"];
        if (obj["metadata"]?["labels"] is not JsonObject labels)
            return;
        foreach (var label in Labels.Select(label => Prefix + label))
        {
            if (good?[label] is { } value)
                labels[label] = value.DeepClone();
            else
                labels.Remove(label);
        }
    }
}
