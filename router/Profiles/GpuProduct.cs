namespace Ops.Profiles;

/// <summary>
/// Limits of a GPU and the assumptions that no public measurement covers. Each assumption says so; they are swept, not trusted,
/// wherever a claim rests on them.
/// </summary>
public sealed record GpuProduct
{
    /// <summary>NVIDIA H100 SXM5 80 GB. Limits and peak arithmetic are from the product's data sheet.</summary>
    public static GpuProduct H100 { get; } = new()
    {
        Name = "NVIDIA-H100-80GB-HBM3",
        DataName = "H100",
        MinClockMHz = 210,
        MaxClockMHz = 1980,
        MinPowerLimitWatts = 200,
        MaxPowerLimitWatts = 700,
        MemoryBytes = 80e9,
        PeakBf16Flops = 989e12,
    };

    /// <summary>Value of the node label <c>nvidia.com/gpu.product</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The source's own short name.</summary>
    public required string DataName { get; init; }

    /// <summary>Lowest SM clock that can be set.</summary>
    public required int MinClockMHz { get; init; }

    /// <summary>Highest SM clock; the measurements were taken with this default.</summary>
    public required int MaxClockMHz { get; init; }

    /// <summary>Lowest board power limit that can be set.</summary>
    public required int MinPowerLimitWatts { get; init; }

    /// <summary>Highest board power limit, also the default.</summary>
    public required int MaxPowerLimitWatts { get; init; }

    /// <summary>Device memory.</summary>
    public required double MemoryBytes { get; init; }

    /// <summary>Peak dense bf16 arithmetic, operations a second.</summary>
    public required double PeakBf16Flops { get; init; }

    /// <summary>
    /// Watts of one GPU that holds a loaded model and computes nothing: measured on one H100 at its default settings
    /// (tests/Gpu). A process keeps the GPU open and its clocks up; without one it draws 73 W.
    /// </summary>
    public double IdleWatts { get; init; } = 128;

    /// <summary>
    /// Watts of one GPU whose models all sleep, their weights in host memory: measured with a process that had the GPU open and
    /// next to nothing in its memory, which draws as much as one with a model. A claim about sleep must sweep it.
    /// </summary>
    public double SleepWatts { get; init; } = 128;

    /// <summary>
    /// Assumption: share of peak arithmetic that prefill reaches (model FLOP utilisation). Bare kernels of an 8B model reached 0.55 to
    /// 0.59 on one H100 (tests/Gpu); an engine adds its own work.
    /// </summary>
    public double PrefillUtilisation { get; init; } = 0.5;

    /// <summary>
    /// Assumption: a decode step at clock ratio f takes 1 + this x (1/f - 1) times as long, because decode waits for memory,
    /// whose clock does not change: 1.5 % at f = 0.8, 6 % at f = 0.5.
    /// </summary>
    public double DecodeClockSensitivity { get; init; } = 0.06;

    /// <summary>
    /// Assumption: share of decode power that falls with the square of the clock ratio; memory, leakage and the rest stay.
    /// With the sensitivity above, f = 0.5 saves a third of the energy of decoding.
    /// </summary>
    public double DecodeClockPowerShare { get; init; } = 0.49;

    /// <summary>
    /// Assumption: the same share while prefilling, where arithmetic dominates. Time is proportional to 1/f, so f = 0.5 saves
    /// about 5 % of prefill energy.
    /// </summary>
    public double PrefillClockPowerShare { get; init; } = 0.7;

    /// <summary>Assumption: below this clock ratio nothing above was meant to hold.</summary>
    public double LeastClockRatio { get; init; } = 0.5;

    /// <summary>
    /// Assumption: bytes a second and GPU from host memory, for weights that slept there; PCIe 5 x16 has 64 GB/s in
    /// theory, of which copies and the allocation of the cache leave less than half.
    /// </summary>
    public double WakeBytesPerSecond { get; init; } = 25e9;

    /// <summary>The setting under which the measurements were taken.</summary>
    public PowerSetting Default => new(MaxClockMHz, MaxPowerLimitWatts);

    /// <summary>True where a GPU would accept the setting.</summary>
    public bool Accepts(PowerSetting setting) =>
        setting.ClockMHz >= MinClockMHz && setting.ClockMHz <= MaxClockMHz &&
        setting.PowerLimitWatts >= MinPowerLimitWatts && setting.PowerLimitWatts <= MaxPowerLimitWatts;
}
