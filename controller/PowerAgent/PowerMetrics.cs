using Ops.PowerAgent.Gpus;
using Prometheus;

namespace Ops.PowerAgent;

/// <summary>
/// The agent's own numbers, and those of real GPUs by the pod that uses them, under the names that simulated engines show of
/// themselves. Simulated GPUs are left out here, so that nothing is counted twice.
/// </summary>
internal static class PowerMetrics
{
    private static readonly string[] ByGpu = ["gpu", "namespace", "pod", "pool"];
    private static readonly Gauge Leader = Metrics.CreateGauge("ops_power_agent_leader", "1 while this process looks after its node.");
    private static readonly Gauge Usable = Metrics.CreateGauge("ops_power_agent_nvml", "1 where NVML could be loaded.");
    private static readonly Counter Rounds = Metrics.CreateCounter("ops_power_agent_rounds_total", "Looks at the GPUs.", "result");
    private static readonly Counter Steps = Metrics.CreateCounter("ops_power_agent_steps_total", "Changes of a GPU's clock or power limit.");
    private static readonly Gauge Watts = Metrics.CreateGauge("ops_gpu_power_watts", "Power of a GPU.", ByGpu);
    private static readonly Counter Joules = Metrics.CreateCounter("ops_gpu_energy_joules_total", "Energy of a GPU since its driver was loaded.", ByGpu);
    private static readonly Gauge Clock = Metrics.CreateGauge("ops_gpu_clock_mhz", "SM clock of a GPU.", ByGpu);
    private static readonly Gauge Limit = Metrics.CreateGauge("ops_gpu_power_limit_watts", "Power limit of a GPU.", ByGpu);

    /// <summary>Shows whether this process leads, whenever /metrics is read.</summary>
    public static void ShowLeadership(Func<bool> isLeader) => Metrics.DefaultRegistry.AddBeforeCollectCallback(() => Leader.Set(isLeader() ? 1 : 0));

    public static void HasNvml(bool loaded) => Usable.Set(loaded ? 1 : 0);

    public static void Round(bool succeeded, int steps)
    {
        Rounds.WithLabels(succeeded ? "ok" : "failed").Inc();
        Steps.Inc(steps);
    }

    /// <summary>Shows the node's real GPUs; series of pods that are gone end.</summary>
    public static void Show(IReadOnlyList<GpuState> states)
    {
        var shown = states.Select(state => (State: state, Labels: LabelsOf(state))).ToList();
        foreach (var old in Watts.GetAllLabelValues().Where(old => !shown.Exists(now => now.Labels.SequenceEqual(old))).ToList())
        {
            Watts.RemoveLabelled(old);
            Joules.RemoveLabelled(old);
            Clock.RemoveLabelled(old);
            Limit.RemoveLabelled(old);
        }

        foreach (var (state, labels) in shown)
        {
            Watts.WithLabels(labels).Set(state.Gpu.Watts);
            if (double.IsFinite(state.Gpu.Joules))
                Joules.WithLabels(labels).IncTo(state.Gpu.Joules);
            Clock.WithLabels(labels).Set(state.Gpu.ClockMHz);
            Limit.WithLabels(labels).Set(state.Gpu.PowerLimitWatts);
        }
    }

    private static string[] LabelsOf(GpuState state) =>
        state.Pod?.Split('/') is [var ns, var pod] ? [state.Gpu.Id, ns, pod, state.Pool ?? ""] : [state.Gpu.Id, "", "", ""];
}
