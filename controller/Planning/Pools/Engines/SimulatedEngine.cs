using Ops.Api;

namespace Ops.Planning.Pools.Engines;

/// <summary>This project's simulated model server: vLLM's arguments, and flags for what it imitates.</summary>
internal static class SimulatedEngine
{
    private const string SleepMode = "--enable-sleep-mode";

    public static EngineCommand Command(ModelPoolSpec spec, CoResidence shared)
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
        if (spec.EffectiveScaling.Sleeps)
            args.Add(SleepMode);
        if (shared.Guests.Count > 0)
            args.AddRange(["--gpu-memory-utilization", Share(shared.HostPercent), "--co-resident", .. shared.Guests.SelectMany(guest => Guest(guest.Spec, spec.Gpu.EffectiveCount))]);
        return new()
        {
            Args = args,
            StartupLimit = TimeSpan.FromMinutes(2),
            ProbePeriod = TimeSpan.FromSeconds(1),
            NeedsScratch = false,
        };
    }

    // One argument an engine: its options, as the server takes them.
    private static IEnumerable<string> Guest(ModelPoolSpec guest, int hostGpus)
    {
        var gpus = guest.Gpu.EffectiveCount;
        for (var engine = 0; engine < hostGpus / gpus; engine++)
        {
            yield return string.Join(' ', (string[])
            [
                "--model", guest.Model,
                "--host", EngineCommand.PodAddress,
                "--port", $"{guest.Engine.EffectivePort + engine}",
                "--tensor-parallel-size", $"{gpus}",
                "--gpu-product", guest.Gpu.Product,
                "--first-gpu", $"{engine * gpus}",
                "--gpu-memory-utilization", Share(guest.CoResident!.MemoryPercent),
                .. guest.EffectiveScaling.Sleeps ? (string[])[SleepMode] : [],
                .. guest.Engine.Args ?? [],
            ]);
        }
    }

    private static string Share(int percent) => $"0.{percent:00}";
}
