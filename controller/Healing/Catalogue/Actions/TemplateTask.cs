using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>A change of one container of a workload that a person asks for: no repair, so a policy must name it and somebody approves it.</summary>
internal abstract partial class TemplateTask : HealingAction
{
    internal const string ContainerParameter = "container";

    public override IReadOnlyList<string> Kinds => [V1Deployment.KubeKind, V1StatefulSet.KubeKind];

    public override bool IsForPeople => true;

    public override bool AlwaysAsks => true;

    public override bool MustBeListed => true;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        snapshot.Workload(action.Target.Kind, action.Target.Name)?.Template.Spec.Containers.Any(one => one.Name == action.Parameters![ContainerParameter]) == true
            ? ProblemOf(action) : "parameters.container is not a container of the target";

    // As with a rollback: only a Deployment that recreates takes all.
    public override int PodsAtRisk(RemediationAction action, NamespaceSnapshot snapshot) =>
        snapshot.Workload(action.Target.Kind, action.Target.Name) is { Object: V1Deployment { Spec.Strategy.Type: "Recreate" } } workload ? workload.Ready : 0;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory) => Change(
        obj["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Single(one => (string?)one!["name"] == action.Parameters![ContainerParameter])!.AsObject(), action);

    /// <summary>Whether a text can name an image: nothing that is an option, a path or has a space.</summary>
    internal static bool IsImage(string? text) => text is not null && Image().IsMatch(text);

    /// <summary>What is wrong with the other parameters, or null.</summary>
    protected abstract string? ProblemOf(RemediationAction action);

    /// <summary>Changes the container.</summary>
    protected abstract void Change(JsonObject container, RemediationAction action);

    [GeneratedRegex(@"^[a-z0-9][a-zA-Z0-9._/:@-]{0,510}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Image();
}
