using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Lets a node that took this namespace's pods take pods again. A node is everybody's, so a policy must name the type.</summary>
internal sealed class UncordonNode : HealingAction
{
    public override string Summary => "Let a cordoned node that the namespace's pods ran on take pods again.";

    public override IReadOnlyList<string> Kinds => [V1Node.KubeKind];

    public override IReadOnlyList<string> Fields => ["/spec/unschedulable"];

    public override bool MustBeListed => true;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        memory.Of(V1Node.KubeKind, action.Target.Name) is null ? "target.name is not a node that pods of this namespace ran on" : null;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory) => obj["spec"]!.AsObject().Remove("unschedulable");
}
