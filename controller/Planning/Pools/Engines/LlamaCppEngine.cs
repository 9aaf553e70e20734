using Ops.Api;

namespace Ops.Planning.Pools.Engines;

/// <summary>llama.cpp's llama-server.</summary>
internal static class LlamaCppEngine
{
    public static EngineCommand Command(ModelPoolSpec spec) => new()
    {
        Args =
        [
            // A path names a file in the pod (mount it with spec.podTemplate), anything else a Hugging Face repository.
            IsFile(spec.Model) ? "--model" : "--hf-repo", spec.Model,
            "--alias", spec.Model,
            "--host", EngineCommand.PodAddress,
            "--port", $"{spec.Engine.EffectivePort}",
            // All layers on the GPU; llama.cpp splits them over all that it sees.
            "--n-gpu-layers", "999",
            "--metrics",
        ],
        StartupLimit = TimeSpan.FromMinutes(30),
        ProbePeriod = TimeSpan.FromSeconds(5),
        NeedsScratch = true,
    };

    private static bool IsFile(string model) =>
        model.StartsWith('/') || model.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
}
