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
        ],
        // Tens of gigabytes of weights at some 100 MB/s, then graph capture.
        StartupLimit = TimeSpan.FromMinutes(30),
        ProbePeriod = TimeSpan.FromSeconds(5),
        NeedsScratch = true,
    };
}
