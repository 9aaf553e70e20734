using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>
/// Gives a RoleBinding the subjects that it last had. Only bindings of roles of the namespace to its own accounts: nobody
/// gets a right by this that is not one of the shop's own. The API server checks on its side that whoever binds may bind.
/// </summary>
internal sealed class RestoreAccess : HealingAction
{
    public override string Summary => "Give a RoleBinding of the namespace's own accounts the subjects that it last had.";

    public override IReadOnlyList<string> Kinds => [V1RoleBinding.KubeKind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override IReadOnlyList<string> Fields => ["/subjects"];

    public override bool MustBeListed => true;

    /// <summary>Why a binding is not one that healing may write, or null.</summary>
    public static string? Problem(JsonObject binding, string ns)
    {
        var own = (binding["subjects"] as JsonArray ?? []).All(subject => (string?)subject!["kind"] == V1ServiceAccount.KubeKind && ((string?)subject["namespace"] ?? ns) == ns);
        return (string?)binding["roleRef"]?["kind"] != V1Role.KubeKind || !own || ns == WellKnown.SystemNamespace
            ? "target.name binds more than a Role of the namespace to its own service accounts"
            : null;
    }

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        State(action, memory) is { } state ? Problem(state.Content, snapshot.Namespace) : StateProblem;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory) => obj["subjects"] = State(action, memory)!.Content["subjects"]?.DeepClone();
}
