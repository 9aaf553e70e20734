using System.Collections.Immutable;
using System.Globalization;
using Ops.Kube;

namespace Ops.Healing.Goals;

/// <summary>What a pod said of itself at one moment. Null is what it did not say.</summary>
/// <remarks>
/// Read by the usual names: process_cpu_seconds_total, process_resident_memory_bytes, and of the histograms
/// http_server_request_duration_seconds (OpenTelemetry) and http_request_duration_seconds the first that is there, whatever
/// their labels.
/// </remarks>
public sealed record PodSample
{
    private static readonly string[] Histograms = ["http_server_request_duration_seconds", "http_request_duration_seconds"];

    // A histogram has a dozen buckets; a page with more bounds than this is not one.
    private const int MaxBuckets = 64;

    /// <summary>When it said so.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Processor time since the start of the process.</summary>
    public double? CpuSeconds { get; private init; }

    /// <summary>Memory now.</summary>
    public double? MemoryBytes { get; private init; }

    /// <summary>Requests answered since the start of the process.</summary>
    public RequestTimes? Requests { get; private init; }

    /// <summary>Reads a page.</summary>
    /// <param name="page">The text of /metrics.</param>
    /// <param name="at">When it was read.</param>
    public static PodSample Read(string page, DateTimeOffset at)
    {
        double? cpu = null, memory = null;
        var seen = Histograms.Select(_ => new Collected()).ToArray();
        PrometheusText.Read(page, (name, labels, value) =>
        {
            // A negative count or size is nobody's.
            if (value < 0)
                return;
            if (name is "process_cpu_seconds_total")
                cpu = (cpu ?? 0) + value;
            else if (name is "process_resident_memory_bytes")
                memory = (memory ?? 0) + value;
            for (var i = 0; i < Histograms.Length; i++)
            {
                if (name.StartsWith(Histograms[i], StringComparison.Ordinal))
                    seen[i].Take(name[Histograms[i].Length..], labels, value);
            }
        });
        return new() { At = at, CpuSeconds = cpu, MemoryBytes = memory, Requests = seen.Select(one => one.Times).FirstOrDefault(one => one is not null) };
    }

    private sealed class Collected
    {
        private readonly SortedDictionary<double, double> buckets = [];
        private double? count;
        private double seconds;

        public RequestTimes? Times => count is { } all ? new(all, seconds, buckets.ToImmutableSortedDictionary()) : null;

        public void Take(ReadOnlySpan<char> part, ReadOnlySpan<char> labels, double value)
        {
            if (part is "_count")
                count = (count ?? 0) + value;
            else if (part is "_sum")
                seconds += value;
            // The last bucket, le="+Inf", is the count.
            else if (part is "_bucket" && double.TryParse(PrometheusText.Label(labels, "le"), NumberStyles.Float, CultureInfo.InvariantCulture, out var bound) && double.IsFinite(bound)
                && (buckets.Count < MaxBuckets || buckets.ContainsKey(bound)))
                buckets[bound] = buckets.GetValueOrDefault(bound) + value;
        }
    }
}
