using System.Text.Json.Nodes;
using k8s;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Memory;

namespace Ops.Healing.Planning;

/// <summary>
/// A model of the cluster before anything is written: how far objects are from the state that they last were well in, now and
/// as a plan would leave them, counted in fields.
/// </summary>
public static class Distance
{
    /// <summary>Fields in which an object differs from its last good state; null where none is remembered.</summary>
    /// <param name="key">"Kind/name".</param>
    /// <param name="plan">Actions that are thought done, or none.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    public static int? Of(string key, IReadOnlyList<RemediationAction> plan, NamespaceSnapshot snapshot, Baseline memory)
    {
        if (memory.States.GetValueOrDefault(key) is not { } good)
            return null;
        var content = Content(key, snapshot);
        foreach (var action in plan.Where(action => $"{action.Target.Kind}/{action.Target.Name}" == key))
        {
            if (ActionCatalogue.Find(action.Type) is not { } type)
                continue;
            content = type.Effect == ActionEffect.Delete ? null : Applied(type, action, content ?? [], memory);
        }

        return ObjectDiff.Between(good.Content, content).Count;
    }

    /// <summary>The content of an object of the snapshot, or null.</summary>
    internal static JsonObject? Content(string key, NamespaceSnapshot snapshot)
    {
        var (kind, name) = (key[..key.IndexOf('/', StringComparison.Ordinal)], key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..]);
        object? found = snapshot.Find(kind, name);
        return found is null ? null : ObjectContent.Of(JsonNode.Parse(KubernetesJson.Serialize(found))!.AsObject());
    }

    private static JsonObject Applied(HealingAction type, RemediationAction action, JsonObject content, Baseline memory)
    {
        type.Apply(content, action, memory);
        return ObjectContent.Of(content);
    }
}
