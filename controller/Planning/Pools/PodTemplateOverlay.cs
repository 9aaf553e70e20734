using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Api;

namespace Ops.Planning.Pools;

/// <summary>Lays spec.podTemplate over the generated template and refuses what the operator could not work with.</summary>
internal static class PodTemplateOverlay
{
    /// <summary>Reason of the problem.</summary>
    public const string Reason = "InvalidPodTemplate";

    /// <summary>The merged template, or the problem with it.</summary>
    public static (V1PodTemplateSpec? Template, PlanProblem? Problem) Apply(V1PodTemplateSpec generated, JsonObject? overlay)
    {
        if (overlay is null || overlay.Count == 0)
            return (generated, null);

        V1PodTemplateSpec? merged;
        JsonObject json;
        try
        {
            json = StrategicMerge.Apply(JsonNode.Parse(KubernetesJson.Serialize(generated))!.AsObject(), overlay);
            merged = KubernetesJson.Deserialize<V1PodTemplateSpec>(json.ToJsonString());
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            return (null, Problem("spec.podTemplate is not a pod template: " + FirstSentence(error.Message)));
        }

        // A field that the type does not know is lost on the way through it, as it would be in a real API server.
        var lost = LostField(json, JsonNode.Parse(KubernetesJson.Serialize(merged)), "spec.podTemplate");
        if (lost is not null)
            return (null, Problem($"{lost} is not a field of a pod template; correct its name or remove it"));
        return TakenAway(generated, merged) is { } problem ? (null, Problem(problem)) : (merged, null);
    }

    private static PlanProblem Problem(string message) => new(Reason, message);

    // "... Path: $.spec.x | LineNumber: 0 | BytePositionInLine: 9." carries a path that helps and positions that do not.
    private static string FirstSentence(string message)
    {
        var end = message.IndexOf(" | LineNumber", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private static string? LostField(JsonNode? before, JsonNode? after, string path)
    {
        if (before is JsonObject objectBefore)
        {
            var objectAfter = after as JsonObject;
            foreach (var (name, value) in objectBefore)
            {
                // Empty objects and lists may disappear: they say nothing.
                var child = objectAfter?[name];
                if (child is null && value is not null and not JsonObject { Count: 0 } and not JsonArray { Count: 0 })
                    return $"{path}.{name}";
                if (child is not null && LostField(value, child, $"{path}.{name}") is { } lost)
                    return lost;
            }
        }
        else if (before is JsonArray itemsBefore && after is JsonArray itemsAfter)
        {
            for (var i = 0; i < Math.Min(itemsBefore.Count, itemsAfter.Count); i++)
            {
                if (LostField(itemsBefore[i], itemsAfter[i], $"{path}[{i}]") is { } lost)
                    return lost;
            }
        }

        return null;
    }

    // What Service, selector, scheduler, probes and router count on. Each sentence says what to do instead.
    private static string? TakenAway(V1PodTemplateSpec generated, V1PodTemplateSpec merged)
    {
        foreach (var (label, value) in generated.Metadata.Labels)
        {
            if (merged.Metadata?.Labels is not { } labels || !labels.TryGetValue(label, out var now) || now != value)
                return $"spec.podTemplate.metadata.labels must not change {label}, by which the pool finds its pods; remove that entry";
        }

        foreach (var (label, value) in generated.Spec.NodeSelector)
        {
            if (merged.Spec?.NodeSelector is not { } selector || !selector.TryGetValue(label, out var now) || now != value)
                return $"spec.podTemplate.spec.nodeSelector must not change {label}; set spec.gpu.product instead";
        }

        if (merged.Spec?.RestartPolicy is not (null or "Always"))
            return "spec.podTemplate.spec.restartPolicy must be Always, the only policy of a Deployment; remove it";

        var before = Engine(generated)!;
        if (Engine(merged) is not { } engine)
            return $"spec.podTemplate.spec.containers must keep the container {WellKnown.EngineContainer}; remove the entry that deletes it";
        return EngineTakenAway(before, engine);
    }

    private static string? EngineTakenAway(V1Container before, V1Container engine)
    {
        const string Path = $"spec.podTemplate.spec.containers[{WellKnown.EngineContainer}]";
        var gpus = before.Resources.Limits[WellKnown.GpuResource].ToString();
        if (engine.Resources?.Limits is not { } limits
            || !limits.TryGetValue(WellKnown.GpuResource, out var limit)
            || limit.ToString() != gpus
            || (engine.Resources.Requests?.TryGetValue(WellKnown.GpuResource, out var request) == true && request.ToString() != gpus))
            return $"{Path}.resources must not change {WellKnown.GpuResource}; set spec.gpu.count instead";
        if (engine.Ports?.Any(port => port.Name == WellKnown.HttpPortName && port.ContainerPort == before.Ports[0].ContainerPort) != true)
            return $"{Path}.ports must keep the port {WellKnown.HttpPortName}; set spec.engine.port instead";
        if (engine.Args?.SequenceEqual(before.Args) != true)
            return $"{Path}.args would replace the generated arguments; put extra ones into spec.engine.args";
        var lostVariable = before.Env.FirstOrDefault(variable => engine.Env?.Any(now => now.Name == variable.Name) != true);
        return lostVariable is null ? null : $"{Path}.env must keep {lostVariable.Name}, which the arguments use; remove the entry that deletes it";
    }

    private static V1Container? Engine(V1PodTemplateSpec template) =>
        template.Spec?.Containers?.FirstOrDefault(container => container.Name == WellKnown.EngineContainer);
}
