using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>
/// Takes one taint off a node that took this namespace's pods without it. Taints of Kubernetes itself tell of the node's
/// state and stay. A node is everybody's, so a policy must name the type.
/// </summary>
internal sealed class RemoveTaint : HealingAction
{
    internal const string KeyParameter = "key";

    public override string Summary => "Take one taint off a node that the namespace's pods ran on before it had it.";

    public override IReadOnlyList<string> Kinds => [V1Node.KubeKind];

    public override IReadOnlyList<string> Parameters => [KeyParameter];

    public override IReadOnlyList<string> Fields => ["/spec/taints"];

    public override bool MustBeListed => true;

    /// <summary>Whether a taint is Kubernetes' own: not ready, under pressure, unschedulable.</summary>
    public static bool IsKubernetes(string key) => key.Split('/')[0].EndsWith("kubernetes.io", StringComparison.Ordinal);

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory)
    {
        var key = action.Parameters!.GetValueOrDefault(KeyParameter) ?? "";
        if (memory.Of(V1Node.KubeKind, action.Target.Name) is not { } good)
            return "target.name is not a node that pods of this namespace ran on";
        if (IsKubernetes(key))
            return "parameters.key is a taint of Kubernetes itself, which tells of the node's state";
        return (good.Content["spec"]?["taints"] as JsonArray ?? []).Any(taint => (string?)taint!["key"] == key)
            ? "parameters.key is a taint that the node had when all was well"
            : null;
    }

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        var key = action.Parameters![KeyParameter];
        var left = (obj["spec"]!["taints"] as JsonArray ?? []).Where(taint => (string?)taint!["key"] != key).Select(taint => taint!.DeepClone()).ToArray();
        if (left.Length > 0)
            obj["spec"]!["taints"] = new JsonArray(left);
        else
            obj["spec"]!.AsObject().Remove("taints");
    }
}
