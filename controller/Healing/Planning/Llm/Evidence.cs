using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Detection;
using Ops.Healing.Memory;
using Ops.Llm;

namespace Ops.Healing.Planning.Llm;

/// <summary>
/// What a model is told of a finding: the same objects that the rules read, as JSON, so that whatever stands in them is a
/// quoted string that nothing can end, with every character outside ASCII escaped. Values of variables, arguments, ConfigMaps
/// and Secrets are not in it; annotations are not either.
/// </summary>
public static class Evidence
{
    // Together at most some 40 000 characters: 24 objects of one line, 40 changes, 6 tries.
    private const int MaxText = 300;
    private const int MaxValue = 120;
    private const int MaxChanges = 40;
    private const int MaxTried = 6;
    private const int MaxPods = 10;

    // The fields whose values may be told; of every other field only that it changed.
    private static readonly HashSet<string> Telling =
    [
        "image", "replicas", "port", "targetPort", "containerPort", "hostPort", "path", "nodeSelector", "selector", "ports", "resources", "requests", "limits", "cpu", "memory", "claimName",
        "periodSeconds", "failureThreshold", "timeoutSeconds", "initialDelaySeconds", "storageClassName", "internalTrafficPolicy", "priorityClassName", "topologyKey",
    ];

    // Below these nothing is told, whatever the field is called.
    private static readonly HashSet<string> Silent = ["env", "envFrom", "command", "args", "data", "binaryData", "stringData", "annotations", "httpHeaders", "exec"];

    /// <summary>The evidence.</summary>
    /// <param name="finding">What is wrong.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    /// <param name="tried">Plans that were tried for it before, and how they came out.</param>
    public static string Of(Finding finding, NamespaceSnapshot snapshot, Baseline memory, IReadOnlyList<string> tried)
    {
        var around = Neighbourhood.Of(finding, snapshot, memory);
        return new JsonObject
        {
            ["finding"] = new JsonObject { ["kind"] = Clean(finding.Kind), ["name"] = Clean(finding.Name), ["cause"] = finding.Cause, ["evidence"] = Clean(finding.Evidence) },
            ["objects"] = new JsonArray([.. around.Select(key => Describe(key, snapshot, memory))]),
            ["changedSinceLastWell"] = new JsonArray([.. around.SelectMany(key => Changes(key, snapshot, memory)).Take(MaxChanges)]),
            ["alreadyTried"] = new JsonArray([.. tried.Take(MaxTried).Select(one => (JsonNode)Clean(one))]),
        }.ToJsonString();
    }

    private static JsonObject Describe(string key, NamespaceSnapshot snapshot, Baseline memory)
    {
        var (kind, name) = (key[..key.IndexOf('/', StringComparison.Ordinal)], key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..]);
        var result = new JsonObject { ["kind"] = kind, ["name"] = Clean(name), ["goodStateRemembered"] = memory.Of(kind, name) is not null };
        if (snapshot.Workload(kind, name) is { } workload)
        {
            (result["replicas"], result["ready"], result["updated"]) = (workload.Replicas, workload.Ready, workload.Updated);
            result["pods"] = new JsonArray([.. workload.Pods.Take(MaxPods).Select(State)]);
        }
        else if (kind == V1Service.KubeKind)
        {
            (result["exists"], result["readyAddresses"]) = (snapshot.Services.Any(one => one.Metadata.Name == name), snapshot.ReadyAddresses(name));
        }
        else if (kind == V1ConfigMap.KubeKind)
        {
            result["exists"] = snapshot.ConfigMaps.Any(one => one.Metadata.Name == name);
        }

        return result;
    }

    private static JsonObject State(V1Pod pod) => new()
    {
        ["name"] = Clean(pod.Metadata.Name),
        ["phase"] = Clean(pod.Status?.Phase),
        ["containers"] = new JsonArray([.. (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []).Take(MaxPods).Select(one => (JsonNode)new JsonObject
        {
            ["name"] = Clean(one.Name),
            ["ready"] = one.Ready,
            ["restarts"] = one.RestartCount,
            ["waiting"] = Clean(one.State?.Waiting?.Reason),
            ["ended"] = one.State?.Terminated?.ExitCode ?? one.LastState?.Terminated?.ExitCode,
        })]),
    };

    private static IEnumerable<JsonNode> Changes(string key, NamespaceSnapshot snapshot, Baseline memory)
    {
        if (Distance.Content(key, snapshot) is not { } now || memory.Of(key[..key.IndexOf('/', StringComparison.Ordinal)], key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..]) is not { } good)
            yield break;
        foreach (var change in ObjectDiff.Between(good.Content, now))
        {
            var told = Tells(change.Path);
            yield return new JsonObject
            {
                ["object"] = Clean(key),
                ["field"] = Clean(change.Path),
                ["before"] = told ? Value(change.Before) : "(not told)",
                ["now"] = told ? Value(change.After) : "(not told)",
            };
        }
    }

    private static bool Tells(string path)
    {
        var names = path.Split('/');
        return Array.Exists(names, Telling.Contains) && !Array.Exists(names, Silent.Contains);
    }

    private static string Clean(string? text) => TaintedText.Clean(text, MaxText);

    private static string Value(string? json) => TaintedText.Clean(json, MaxValue);
}
