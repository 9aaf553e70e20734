using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Ops.Kube;

namespace Ops.PowerAgent;

/// <summary>
/// Keeps the ConfigMap power-agent-NODE: what is really in force on each GPU that pools use or that was set, and what is
/// wrong. Written only when it differs. The next agent of the node reads from it what was never given back.
/// </summary>
internal sealed class PowerReporter(ApplyWriter writer, KubeClient client, PowerAgentOptions options)
{
    private const string Key = "gpus";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // Read by people; it is no HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private V1ConfigMap? _written;

    /// <summary>Ids of the GPUs that the last agent had set.</summary>
    internal async Task<IReadOnlyList<string>> ReadAsync(CancellationToken cancellation)
    {
        _written = await client.GetAsync<V1ConfigMap>(options.Namespace, options.ObjectName, cancellation);
        if (_written?.Data is not { } data || !data.TryGetValue(Key, out var lines))
            return [];
        try
        {
            return [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Line>(line, Json)!).Where(line => line.Set).Select(line => line.Gpu)];
        }
        catch (JsonException)
        {
            // Somebody has edited it; it is written anew in the first round.
            return [];
        }
    }

    /// <summary>Writes what is in force.</summary>
    /// <param name="states">All GPUs.</param>
    /// <param name="problem">What is wrong with the node; empty for nothing.</param>
    /// <param name="cancellation">Gives up.</param>
    internal async Task WriteAsync(IReadOnlyList<GpuState> states, string problem, CancellationToken cancellation)
    {
        var lines = states.Where(state => state.Pod is not null || state.Set is not null).OrderBy(state => state.Gpu.Id, StringComparer.Ordinal)
            .Select(state => JsonSerializer.Serialize(new Line(state.Gpu.Id, state.Gpu.Product, state.Pod, state.Pool, state.Set is { ClockMHz: > 0 and var clock } ? clock : null, state.Gpu.PowerLimitWatts, state.Set?.Why, state.Set is not null), Json));
        var data = new Dictionary<string, string> { [Key] = string.Join('\n', lines) };
        if (problem.Length > 0)
            data["problem"] = problem;
        var wanted = new V1ConfigMap
        {
            ApiVersion = "v1",
            Kind = "ConfigMap",
            Metadata = new() { Name = options.ObjectName, NamespaceProperty = options.Namespace, Labels = new Dictionary<string, string> { [Api.Labels.Component] = "power-agent" } },
            Data = data,
        };
        if ((await writer.ApplyAsync(wanted, _written, cancellation)).Object is { } written)
            _written = written;
    }

    /// <summary>One GPU, a line each.</summary>
    /// <param name="Gpu">Its id.</param>
    /// <param name="Product">Its product.</param>
    /// <param name="Pod">Who uses it.</param>
    /// <param name="Pool">Whose pod that is.</param>
    /// <param name="ClockMHz">The clock that it is locked to; absent when it is free.</param>
    /// <param name="PowerLimitWatts">The limit, as the GPU tells it.</param>
    /// <param name="Why">What was asked.</param>
    /// <param name="Set">Whether the agent has set it and will give it back.</param>
    private sealed record Line(string Gpu, string Product, string? Pod, string? Pool, int? ClockMHz, int PowerLimitWatts, string? Why, bool Set);
}
