using System.Collections.Immutable;

namespace Ops.Profiles;

/// <summary>
/// The embedded table: one row for each (model, GPU product, GPU count) with measurements.
/// </summary>
/// <remarks>
/// Source: ML.ENERGY Benchmark v3 (Chung et al., NeurIPS Datasets and Benchmarks 2025), serving configurations on H100, default
/// clocks and power limits, steady state at saturation; columns avg_batch_size, median_itl_ms, avg_power_watts. The fit is
/// <see cref="ProfileFit"/>; a test fits the published rows again and compares every number below. README.md lists residuals.
/// Architecture figures (parameters, cache bytes, context) are from the models' own configuration files.
/// </remarks>
public static class ServingProfiles
{
    private const string Chat = "lm-arena-chat";
    private const string Reasoning = "gpqa";

    /// <summary>Every profile known.</summary>
    public static ImmutableArray<ServingProfile> All { get; } =
    [
        H100("meta-llama/Llama-3.1-8B-Instruct", 1, Chat, new(6.67962, 0.0753093, 0.00833871, 191.659), new(425.892, 288.631, 33.4965), 7.9782, 690.868, 8.03, 16.1e9, 131_072, 131_072),
        H100("Qwen/Qwen3-8B", 1, Chat, new(7.24186, 0.107446, -0.0275699, 127.804), new(402.78, 268.672, 79.4328), 7.97198, 474.4, 8.19, 16.4e9, 147_456, 40_960),
        H100("Qwen/Qwen3-14B", 1, Chat, new(11.3842, 0.122289, -0.0221529, 95.8824), new(437.484, 393.246, 237.137), 7.98691, 253.41, 14.8, 29.5e9, 163_840, 40_960),
        H100("Qwen/Qwen3-32B", 1, Chat, new(23.7712, 0.170064, 0, 0), new(500.52, 249.68, 44.6684), 7.98547, 29.26, 32.8, 65.5e9, 262_144, 40_960),
        H100("Qwen/Qwen3-32B", 2, Chat, new(13.9426, 0.130611, -0.0140294, 63.8646), new(830.319, 527.373, 149.624), 7.99016, 340.185, 32.8, 65.5e9, 262_144, 40_960),
        H100("Qwen/Qwen3-30B-A3B-Instruct-2507", 1, Chat, new(9.86425, 0.419362, -0.257394, 31.926), new(248.934, 256.621, 5.62341), 7.97057, 88.5077, 3.3, 61.1e9, 98_304, 262_144),
        H100("Qwen/Qwen3-30B-A3B-Instruct-2507", 2, Chat, new(8.72819, 0.172644, -0.116003, 95.8955), new(668.007, 410.112, 70.7946), 7.99178, 1018.84, 3.3, 61.1e9, 98_304, 262_144),
        H100("meta-llama/Llama-3.1-70B-Instruct", 4, Chat, new(16.3402, 0.0917125, 0.0202792, 191.621), new(1685.15, 1001.65, 141.254), 7.98667, 898.453, 70.6, 141.1e9, 327_680, 131_072),
        H100("meta-llama/Llama-3.3-70B-Instruct", 4, Chat, new(16.431, 0.0895208, 0.0362991, 255.452), new(1657.19, 1024.75, 74.9894), 7.97643, 724.244, 70.6, 141.1e9, 327_680, 131_072),
        H100("openai/gpt-oss-20b", 1, Reasoning, new(6.31858, 0.0810984, -0.0211265, 127.955), new(256.642, 339.129, 7.49894), 7.99381, 2047.32, 3.6, 13.8e9, 49_152, 131_072),
        H100("openai/gpt-oss-120b", 1, Reasoning, new(8.24861, 0.267622, 0, 0), new(371.951, 355.239, 7.94328), 7.99284, 64, 5.1, 65.2e9, 73_728, 131_072),
    ];

    /// <summary>The profile of a model on a GPU shape. Names are compared without regard to case.</summary>
    /// <exception cref="UnknownProfileException">There is none; the message lists those there are.</exception>
    public static ServingProfile Get(string model, string gpuProduct, int gpuCount) =>
        Find(model, gpuProduct, gpuCount) ?? throw new UnknownProfileException(model, gpuProduct, gpuCount);

    /// <summary>The profile of a model on a GPU shape, or null.</summary>
    public static ServingProfile? Find(string model, string gpuProduct, int gpuCount)
    {
        foreach (var profile in All)
        {
            if (profile.GpuCount == gpuCount &&
                string.Equals(profile.Model, model, StringComparison.OrdinalIgnoreCase) &&
                string.Equals(profile.Gpu.Name, gpuProduct, StringComparison.OrdinalIgnoreCase))
                return profile;
        }
        return null;
    }

    private static ServingProfile H100(
        string model, int gpus, string task, DecodeCurve decode, PowerCurve power, double from, double to,
        double activeBillions, double weightBytes, double kvBytes, int maxLength) => new()
        {
            Model = model,
            Gpu = GpuProduct.H100,
            GpuCount = gpus,
            Task = task,
            Decode = decode,
            Power = power,
            MeasuredFrom = from,
            MeasuredTo = to,
            ActiveParametersBillions = activeBillions,
            WeightBytes = weightBytes,
            KvBytesPerToken = kvBytes,
            MaxModelLength = maxLength,
        };
}

/// <summary>No measurements exist for a model on a GPU shape.</summary>
public sealed class UnknownProfileException(string model, string gpuProduct, int gpuCount)
    : Exception(
        $"No timing and energy profile for model '{model}' on {gpuCount} x {gpuProduct}. Known: " +
        string.Join(", ", ServingProfiles.All.Select(p => $"{p.Model} on {p.GpuCount} x {p.Gpu.Name}")) + ".");
