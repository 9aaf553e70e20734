using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>
/// Where the last good states outlive a restart: a ConfigMap a namespace in the operator's own namespace, which nobody can
/// write who may only write in the healed one.
/// </summary>
internal sealed class MemoryStore(Healer healer, OperatorOptions options)
{
    private readonly ConcurrentDictionary<string, Baseline> read = [];

    /// <summary>What is remembered of a namespace.</summary>
    public async Task<Baseline> ReadAsync(string ns, CancellationToken cancellationToken)
    {
        if (read.TryGetValue(ns, out var known))
            return known;
        var stored = await healer.Objects.GetAsync(KnownKinds.ConfigMap, options.Namespace, NameOf(ns), cancellationToken);
        var data = (stored?["data"] as JsonObject)?.ToDictionary(pair => pair.Key, pair => (string?)pair.Value ?? "");
        return read.GetOrAdd(ns, Baseline.Read(data));
    }

    /// <summary>Stores what is remembered if it differs.</summary>
    public async Task WriteAsync(string ns, Baseline memory, CancellationToken cancellationToken)
    {
        if (ReferenceEquals(read.GetValueOrDefault(ns), memory))
            return;
        var obj = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = NameOf(ns), ["labels"] = new JsonObject { [Labels.ManagedBy] = Labels.ManagedByHealing } },
            ["data"] = new JsonObject(memory.Write().Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        };
        try
        {
            await healer.Objects.ReplaceAsync(KnownKinds.ConfigMap, options.Namespace, obj, dryRun: false, cancellationToken);
        }
        catch (KubeApiException absent) when (absent.StatusCode == HttpStatusCode.NotFound)
        {
            await healer.Objects.CreateAsync(KnownKinds.ConfigMap, options.Namespace, obj, dryRun: false, cancellationToken);
        }

        read[ns] = memory;
    }

    /// <summary>Forgets what is held in memory, so that a new leader reads what the last one stored.</summary>
    public void Drop() => read.Clear();

    private static string NameOf(string ns) => $"healing-memory-{ns}";
}
