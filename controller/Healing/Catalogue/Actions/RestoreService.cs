using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Gives a Service the selector and the ports that it last worked with.</summary>
internal sealed class RestoreService : HealingAction
{
    public override string Summary => "Give a Service the selector and ports that it last worked with.";

    public override IReadOnlyList<string> Kinds => [V1Service.KubeKind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override IReadOnlyList<string> Fields => ["/spec/selector", "/spec/ports"];

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) => State(action, memory) is null ? StateProblem : null;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        var good = State(action, memory)!.Content["spec"]!;
        foreach (var field in (string[])["selector", "ports"])
            obj["spec"]![field] = good[field]?.DeepClone();
    }
}
