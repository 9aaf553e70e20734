using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>
/// Gives a configuration of webhooks the content under which the namespace's pods last could be made and ran. Only one that is
/// for this namespace alone, before and after; it is never deleted, and the right to write it is bound apart, by name.
/// </summary>
internal sealed class RestoreWebhooks : HealingAction
{
    public override string Summary => "Give a webhook configuration of this namespace alone the content that its pods last were made under.";

    public override IReadOnlyList<string> Kinds => [V1ValidatingWebhookConfiguration.KubeKind, V1MutatingWebhookConfiguration.KubeKind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override IReadOnlyList<string> Fields => ["/webhooks"];

    public override bool MustBeListed => true;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory)
    {
        if (State(action, memory) is not { } state)
            return StateProblem;
        var now = JsonNode.Parse(k8s.KubernetesJson.Serialize((object?)snapshot.Find(action.Target.Kind, action.Target.Name)))!["webhooks"];
        return OwnWebhooks.AreOf(state.Content["webhooks"], snapshot.Namespace) && OwnWebhooks.AreOf(now, snapshot.Namespace) ? null : "target.name has webhooks for more than this namespace";
    }

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory) => obj["webhooks"] = State(action, memory)!.Content["webhooks"]?.DeepClone();
}
