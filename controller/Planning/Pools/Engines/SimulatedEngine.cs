using Ops.Api;

namespace Ops.Planning.Pools.Engines;

/// <summary>This project's simulated model server: vLLM's arguments, and flags for what it imitates.</summary>
internal static class SimulatedEngine
{
    public static EngineCommand Command(ModelPoolSpec spec)
    {
        List<string> args =
        [
            "--model", spec.Model,
            "--host", EngineCommand.PodAddress,
            "--port", $"{spec.Engine.EffectivePort}",
            "--tensor-parallel-size", $"{spec.Gpu.EffectiveCount}",
            "--gpu-product", spec.Gpu.Product,
        ];
        if (spec.Energy?.ClockMHz is { } clock)
            args.AddRange(["--clock-mhz", $"{clock}"]);
        if (spec.Energy?.PowerLimitWatts is { } watts)
            args.AddRange(["--power-limit-watts", $"{watts}"]);
        return new()
        {
            Args = args,
            StartupLimit = TimeSpan.FromMinutes(2),
            ProbePeriod = TimeSpan.FromSeconds(1),
            NeedsScratch = false,
        };
    }
}
