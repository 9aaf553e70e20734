using Ops.Api;

namespace Ops.Planning.Pools.Engines;

/// <summary>vLLM's OpenAI server.</summary>
internal static class VllmEngine
{
    public static EngineCommand Command(ModelPoolSpec spec) => new()
    {
        // The model is a positional argument: newer versions refuse --model after "serve".
        Command = ["vllm", "serve"],
        Args =
        [
            spec.Model,
            "--host", EngineCommand.PodAddress,
            "--port", $"{spec.Engine.EffectivePort}",
            "--tensor-parallel-size", $"{spec.Gpu.EffectiveCount}",
            .. spec.EffectiveScaling.Sleeps ? (string[])["--enable-sleep-mode"] : [],
        ],
        // The pages that put it to sleep exist in the development mode only.
        Environment = spec.EffectiveScaling.Sleeps ? [new("VLLM_SERVER_DEV_MODE", "1")] : [],
        // Tens of gigabytes of weights at some 100 MB/s, then graph capture.
        StartupLimit = TimeSpan.FromMinutes(30),
        ProbePeriod = TimeSpan.FromSeconds(5),
        NeedsScratch = true,
    };
}
