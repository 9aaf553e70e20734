using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Gives an object of one kind the fields that it last was well with, and leaves all others as they are.</summary>
/// <param name="kind">The one kind that it may change: the type is Restore and the kind.</param>
/// <param name="fields">JSON pointers of objects' members.</param>
internal sealed class RestoreFields(string kind, params string[] fields) : HealingAction
{
    public override string Type => NameFor(kind);

    public override string Summary => $"Give a {kind} the {string.Join(", ", fields)} that it last was well with.";

    public override IReadOnlyList<string> Kinds => [kind];

    public override IReadOnlyList<string> Parameters => [StateParameter];

    public override IReadOnlyList<string> Fields => fields;

    // Fences that somebody may have closed on purpose: an incident of security, a bill. To open them again is not for the
    // healer to decide by itself.
    public override bool MustBeListed => kind is V1NetworkPolicy.KubeKind or V1ResourceQuota.KubeKind or V1LimitRange.KubeKind;

    /// <summary>Name of the type for a kind.</summary>
    public static string NameFor(string kind) => $"Restore{kind}";

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) => State(action, memory) is null ? StateProblem : null;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        foreach (var field in fields)
        {
            var names = field.Split('/');
            var parent = names[1..^1].Aggregate((JsonNode)obj, (node, name) => node[name]!).AsObject();
            if (names[1..].Aggregate((JsonNode?)State(action, memory)!.Content, (node, name) => node?[name]) is { } good)
                parent[names[^1]] = good.DeepClone();
            else
                parent.Remove(names[^1]);
        }
    }
}
