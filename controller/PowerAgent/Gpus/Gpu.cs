namespace Ops.PowerAgent.Gpus;

/// <summary>What a GPU may be set to.</summary>
/// <param name="MinClockMHz">Lowest SM clock.</param>
/// <param name="MaxClockMHz">Highest SM clock.</param>
/// <param name="MinPowerLimitWatts">Lowest power limit.</param>
/// <param name="MaxPowerLimitWatts">Highest power limit.</param>
/// <param name="DefaultPowerLimitWatts">The power limit that the GPU came with.</param>
internal sealed record GpuRange(int MinClockMHz, int MaxClockMHz, int MinPowerLimitWatts, int MaxPowerLimitWatts, int DefaultPowerLimitWatts);

/// <summary>A GPU, or the equal GPUs of one simulated replica, as read just now.</summary>
internal sealed record Gpu
{
    /// <summary>NVML's UUID; of simulated GPUs the pod that they belong to.</summary>
    public required string Id { get; init; }

    /// <summary>Product name.</summary>
    public required string Product { get; init; }

    /// <summary>What it may be set to.</summary>
    public required GpuRange Range { get; init; }

    /// <summary>Whether <see cref="LockedClockMHz"/> is known; NVML does not tell it.</summary>
    public bool TellsLock { get; init; }

    /// <summary>The SM clock that it is locked to; null when it is free.</summary>
    public int? LockedClockMHz { get; init; }

    /// <summary>Power limit in force.</summary>
    public required int PowerLimitWatts { get; init; }

    /// <summary>SM clock now.</summary>
    public required int ClockMHz { get; init; }

    /// <summary>Power now.</summary>
    public required double Watts { get; init; }

    /// <summary>Energy since the driver was loaded (of simulated GPUs: since the process started).</summary>
    public required double Joules { get; init; }
}

/// <summary>GPUs that can be read and set. Every call may take milliseconds and fail with a <see cref="GpuException"/>.</summary>
internal interface IGpus
{
    /// <summary>Reads all of them.</summary>
    Task<IReadOnlyList<Gpu>> ReadAsync(CancellationToken cancellation);

    /// <summary>Sets clock and limit of one.</summary>
    Task ApplyAsync(PowerStep step, CancellationToken cancellation);
}

/// <summary>A GPU, or all of them, cannot be read or set. The message is one sentence.</summary>
internal sealed class GpuException(string message) : Exception(message);
