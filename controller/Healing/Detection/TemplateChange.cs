using System.Text.Json.Nodes;
using k8s;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection;

/// <summary>What was changed in a workload's pod template since it last was well.</summary>
internal static class TemplateChange
{
    private static readonly string[] Strategies = ["strategy", "updateStrategy"];

    /// <summary>JSON pointers below spec of the template, for example /containers/0/image; empty where nothing changed or nothing is remembered.</summary>
    public static IReadOnlyList<string> Since(Baseline memory, Workload workload)
    {
        if (memory.Of(workload.Kind, workload.Name)?.Content["spec"]?["template"]?["spec"] is not { } good)
            return [];
        var now = JsonNode.Parse(KubernetesJson.Serialize(workload.Template.Spec));
        return [.. ObjectDiff.Between(good, now).Select(change => change.Path)];
    }

    /// <summary>Whether the way in which new pods replace old ones was changed.</summary>
    public static bool OfStrategy(Baseline memory, Workload workload)
    {
        var now = JsonNode.Parse(KubernetesJson.Serialize((object)workload.Object))!["spec"]!;
        return memory.Of(workload.Kind, workload.Name)?.Content["spec"] is { } good
            && Strategies.Any(field => !JsonNode.DeepEquals(good[field], now[field]));
    }

    /// <summary>Whether one of the changes lies in a field of that name, for example image.</summary>
    public static bool Touches(this IReadOnlyList<string> changes, params ReadOnlySpan<string> fields)
    {
        foreach (var change in changes)
        {
            foreach (var name in change.Split('/'))
            {
                if (fields.Contains(name))
                    return true;
            }
        }

        return false;
    }
}
