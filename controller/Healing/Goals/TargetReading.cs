using k8s.Models;
using Ops.Healing.Cluster;

namespace Ops.Healing.Goals;

/// <summary>What the pods of one workload did in the window, together. Null is what is not known.</summary>
/// <param name="CpuPercent">Processor use in percent of the limits of the pods that told theirs.</param>
/// <param name="MemoryPercent">Memory in percent of the limits.</param>
/// <param name="Requests">Requests answered.</param>
/// <param name="RequestsPerSecond">How many a second.</param>
/// <param name="Missing">Why something is not known, one sentence.</param>
public sealed record TargetReading(double? CpuPercent, double? MemoryPercent, RequestTimes? Requests, double? RequestsPerSecond, string Missing)
{
    /// <summary>Adds up the readings of a workload's pods.</summary>
    /// <param name="workload">The workload with its pods.</param>
    /// <param name="series">Samples by the pod's name.</param>
    /// <param name="now">The time.</param>
    public static TargetReading Of(Workload workload, IReadOnlyDictionary<string, PodSeries> series, DateTimeOffset now)
    {
        var read = workload.Pods.Select(pod => (Pod: pod, Reading: series.GetValueOrDefault(pod.Metadata.Name)?.Reading(now))).Where(one => one.Reading is not null).ToList();
        if (read.Count == 0)
            return new(null, null, null, null, $"no pod of {workload.Name} gives metrics (annotation prometheus.io/scrape) that are new enough");
        var requests = read.Where(one => one.Reading!.Requests is not null).Select(one => one.Reading!.Requests!.Value).ToList();
        return new(
            Percent(read, "cpu", reading => reading.Cores),
            Percent(read, "memory", reading => reading.MemoryBytes),
            requests.Count == 0 ? null : requests.Aggregate(RequestTimes.None, (sum, one) => sum.Plus(one.Times)),
            requests.Count == 0 ? null : requests.Sum(one => one.Times.Count / one.Seconds),
            $"its pods' metrics do not tell it, or {workload.Name} has no such limit in spec.template.spec.containers[].resources.limits");
    }

    private static double? Percent(List<(V1Pod Pod, PodReading? Reading)> read, string resource, Func<PodReading, double?> used)
    {
        var known = read.Select(one => (Used: used(one.Reading!), Limit: Limit(one.Pod, resource))).Where(one => one is { Used: not null, Limit: not null }).ToList();
        return known.Count == 0 ? null : 100 * known.Sum(one => one.Used!.Value) / known.Sum(one => one.Limit!.Value);
    }

    // A pod has a limit where each of its containers has one.
    private static double? Limit(V1Pod pod, string resource)
    {
        double sum = 0;
        foreach (var container in pod.Spec.Containers)
        {
            if (container.Resources?.Limits is not { } limits || !limits.TryGetValue(resource, out var limit) || (double)limit.ToDecimal() <= 0)
                return null;
            sum += (double)limit.ToDecimal();
        }

        return sum > 0 ? sum : null;
    }
}
