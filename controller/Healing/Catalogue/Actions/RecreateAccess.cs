using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Makes a deleted RoleBinding anew, within the bounds of <see cref="RestoreAccess"/>.</summary>
internal sealed class RecreateAccess : RecreateObject
{
    public override string Summary => "Make a deleted RoleBinding of the namespace's own accounts anew from its last good state.";

    public override IReadOnlyList<string> Kinds => [V1RoleBinding.KubeKind];

    public override bool MustBeListed => true;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        State(action, memory) is { } state ? RestoreAccess.Problem(state.Content, snapshot.Namespace) : StateProblem;
}
