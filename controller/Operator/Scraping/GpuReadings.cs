using Ops.Kube;

namespace Ops.Operator.Scraping;

/// <summary>What exporters on GPU nodes say of the pods that use the GPUs. A pod that says it of itself is not looked up here.</summary>
/// <remarks>
/// Read when present, by pod, the first source in this order that knows a figure:
///   power agent    ops_gpu_power_watts, ops_gpu_energy_joules_total, ops_gpu_clock_mhz   labels namespace, pod
///   DCGM exporter  DCGM_FI_DEV_POWER_USAGE (W), DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION (mJ), DCGM_FI_DEV_SM_CLOCK (MHz)
///                  labels namespace, pod, which it has where it is told to map GPUs to pods
///   Kepler         kepler_container_gpu_joules_total (up to 0.9)   labels container_namespace, pod_name; an estimate
/// </remarks>
internal sealed class GpuReadings
{
    private const double MillijoulesByJoule = 1000;

    // By source, best first.
    private readonly Dictionary<ObjectKey, Reading>[] sources = [[], [], []];

    /// <summary>Adds the pages of all nodes' exporters.</summary>
    public static GpuReadings Read(IEnumerable<string> pages)
    {
        var readings = new GpuReadings();
        foreach (var page in pages)
            PrometheusText.Read(page, readings.Take);
        return readings;
    }

    /// <summary>What is known of a pod; null figures are not known.</summary>
    public Reading Of(ObjectKey pod)
    {
        var found = new Reading();
        foreach (var source in sources)
        {
            if (source.TryGetValue(pod, out var reading))
                found = new(found.Watts ?? reading.Watts, found.Joules ?? reading.Joules, found.ClockMHz ?? reading.ClockMHz);
        }

        return found;
    }

    private void Take(ReadOnlySpan<char> name, ReadOnlySpan<char> labels, double value)
    {
        switch (name)
        {
            case "ops_gpu_power_watts":
                Add(0, Pod(labels, "namespace", "pod"), new(value));
                break;
            case "ops_gpu_energy_joules_total":
                Add(0, Pod(labels, "namespace", "pod"), new(Joules: value));
                break;
            case "ops_gpu_clock_mhz":
                Add(0, Pod(labels, "namespace", "pod"), new(ClockMHz: value));
                break;
            case "DCGM_FI_DEV_POWER_USAGE":
                Add(1, Pod(labels, "namespace", "pod"), new(value));
                break;
            case "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION":
                Add(1, Pod(labels, "namespace", "pod"), new(Joules: value / MillijoulesByJoule));
                break;
            case "DCGM_FI_DEV_SM_CLOCK":
                Add(1, Pod(labels, "namespace", "pod"), new(ClockMHz: value));
                break;
            case "kepler_container_gpu_joules_total":
                Add(2, Pod(labels, "container_namespace", "pod_name"), new(Joules: value));
                break;
        }
    }

    private static ObjectKey? Pod(ReadOnlySpan<char> labels, string namespaceLabel, string podLabel) =>
        PrometheusText.Label(labels, podLabel) is { Length: > 0 } pod ? new ObjectKey(PrometheusText.Label(labels, namespaceLabel), pod) : null;

    // A pod with several GPUs, or containers, has several series.
    private void Add(int source, ObjectKey? pod, Reading more)
    {
        if (pod is not { } key)
            return;
        var before = sources[source].GetValueOrDefault(key);
        sources[source][key] = new(Sum(before.Watts, more.Watts), Sum(before.Joules, more.Joules), Least(before.ClockMHz, more.ClockMHz));
    }

    private static double? Sum(double? one, double? other) => one is null ? other : one + (other ?? 0);

    private static double? Least(double? one, double? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);

    /// <summary>Figures of one pod's GPUs.</summary>
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    internal readonly record struct Reading(double? Watts = null, double? Joules = null, double? ClockMHz = null);
}
