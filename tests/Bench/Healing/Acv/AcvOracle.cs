using System.Globalization;
using System.Text.RegularExpressions;
using k8s.Models;

namespace Ops.Bench.Healing.Acv;

/// <summary>What a service does, by the bench's own reading of its pods' pages and not by what the healer says.</summary>
/// <param name="Ready">Pods that are ready.</param>
/// <param name="CpuPercent">Processor use in percent of the pods' limits.</param>
/// <param name="MemoryPercent">Memory in percent of the limits.</param>
/// <param name="MeanMilliseconds">Mean duration of requests.</param>
/// <param name="P99Milliseconds">99th percentile of their duration, linear within its bucket.</param>
internal sealed partial record AcvReading(int Ready, double CpuPercent, double MemoryPercent, double MeanMilliseconds, double P99Milliseconds)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(8);

    /// <summary>Measures for 8 s.</summary>
    public static async Task<AcvReading> OfAsync(AcvWorld world, string service, CancellationToken cancellation)
    {
        var pods = world.World.Pods(service).Where(pod => pod.Status?.Conditions?.Any(one => one is { Type: "Ready", Status: "True" }) == true).ToList();
        var (first, began) = (await ReadAsync(world, pods, cancellation), TimeProvider.System.GetTimestamp());
        await Task.Delay(Window, cancellation);
        var (last, seconds) = (await ReadAsync(world, pods, cancellation), TimeProvider.System.GetElapsedTime(began).TotalSeconds);
        static double Sum(Dictionary<string, double> page, string prefix) => page.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).Sum(pair => pair.Value);
        double Grown(string prefix) => Sum(last, prefix) - Sum(first, prefix);
        var limits = pods.Sum(pod => pod.Spec.Containers.Sum(container => (double)container.Resources.Limits["memory"].ToDecimal()));
        var count = Grown("http_server_request_duration_seconds_count");
        var (p99, lower, counted) = (double.NaN, 0.0, 0.0);
        foreach (var (bound, text) in Bounds(last))
        {
            var upTo = Grown($"bucket {text} ");
            if (upTo >= 0.99 * count && upTo > counted)
            {
                p99 = lower + ((bound - lower) * ((0.99 * count) - counted) / (upTo - counted));
                break;
            }

            (lower, counted) = (bound, upTo);
        }

        return new(pods.Count, 100 * Grown("process_cpu_seconds_total") / seconds / (pods.Count * AcvWorld.MilliCores[service] / 1000.0), 100 * Sum(last, "process_resident_memory_bytes") / limits,
            1000 * Grown("http_server_request_duration_seconds_sum") / count, 1000 * p99);
    }

    private static List<(double Bound, string Text)> Bounds(Dictionary<string, double> page) =>
        [.. page.Keys.Where(key => key.StartsWith("bucket ", StringComparison.Ordinal)).Select(key => key.Split(' ')[1]).Distinct().Where(text => text != "+Inf").Select(text => (double.Parse(text, CultureInfo.InvariantCulture), text)).Order()];

    // Lines "name{labels} value", buckets by their bound.
    private static async Task<Dictionary<string, double>> ReadAsync(AcvWorld world, List<V1Pod> pods, CancellationToken cancellation)
    {
        var result = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            foreach (Match line in Sample().Matches(await world.Http.GetStringAsync($"http://{pod.Status.PodIP}:8080/metrics", cancellation)))
            {
                var (name, labels) = (line.Groups["name"].Value, line.Groups["labels"].Value);
                var bound = name == "http_server_request_duration_seconds_bucket" ? Bound().Match(labels).Groups["bound"].Value : null;
                var key = bound is null ? $"{name} {labels}" : $"bucket {bound} {labels}";
                result[$"{key} {pod.Metadata.Name}"] = double.Parse(line.Groups["value"].Value, CultureInfo.InvariantCulture);
            }
        }

        return result;
    }

    [GeneratedRegex("""^(?<name>[a-z_]+)(?<labels>\{[^}\n]*\})? (?<value>[0-9.eE+-]+)$""", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Sample();

    [GeneratedRegex("le=\"(?<bound>[^\"]+)\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Bound();
}
