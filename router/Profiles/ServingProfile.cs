namespace Ops.Profiles;

/// <summary>
/// How fast one replica serves one model on one GPU shape, and with how much power. Immutable; every member is arithmetic
/// without allocation, so that a simulator can ask millions of times a second.
/// </summary>
/// <remarks>
/// Decode time and power are fits to the H100 rows of the ML.ENERGY Benchmark v3 (see <see cref="ServingProfiles"/> for the
/// table and README.md beside it for formulas, ranges and residuals). Prefill, clocks and idle power are assumptions, named
/// on <see cref="GpuProduct"/>.
/// </remarks>
public sealed record ServingProfile
{
    /// <summary>Model name as on Hugging Face.</summary>
    public required string Model { get; init; }

    /// <summary>The GPU.</summary>
    public required GpuProduct Gpu { get; init; }

    /// <summary>GPUs of one replica.</summary>
    public required int GpuCount { get; init; }

    /// <summary>Task of the fitted rows in the source; it fixes the mix of context lengths.</summary>
    public required string Task { get; init; }

    /// <summary>Decode step time.</summary>
    public required DecodeCurve Decode { get; init; }

    /// <summary>Decode power.</summary>
    public required PowerCurve Power { get; init; }

    /// <summary>Smallest average batch size among the fitted rows.</summary>
    public required double MeasuredFrom { get; init; }

    /// <summary>Largest average batch size among the fitted rows.</summary>
    public required double MeasuredTo { get; init; }

    /// <summary>Parameters that one token activates, in billions; all of them for a dense model.</summary>
    public required double ActiveParametersBillions { get; init; }

    /// <summary>Bytes of the weights, on all GPUs together.</summary>
    public required double WeightBytes { get; init; }

    /// <summary>Bytes of key and value cache a token: 2 x layers x key-value heads x head size x 2 bytes.</summary>
    public required double KvBytesPerToken { get; init; }

    /// <summary>Longest prompt plus answer that the model takes, tokens.</summary>
    public required int MaxModelLength { get; init; }

    /// <summary>
    /// Prompt tokens a second at full clock: GPUs x peak FLOP/s x utilisation / (2 FLOP x active parameters). Attention, which
    /// grows with the square of the prompt, is left out: about 2 % at 1,000 tokens and a quarter at 14,000 for an 8B model.
    /// </summary>
    public double PrefillTokensPerSecond =>
        GpuCount * Gpu.PeakBf16Flops * Gpu.PrefillUtilisation / (2e9 * ActiveParametersBillions);

    /// <summary>Watts of the replica with nothing to do (an assumption).</summary>
    public double IdleWatts => GpuCount * Gpu.IdleWatts;

    /// <summary>Tokens whose cache fits beside the weights where the engine takes vLLM's default share of the memory.</summary>
    public int KvCapacityTokens => KvTokens(DefaultMemoryShare);

    /// <summary>vLLM's gpu_memory_utilization where nobody sets it.</summary>
    public const double DefaultMemoryShare = 0.9;

    /// <summary>Tokens whose cache fits into a share of the memory, less the weights and 2 GB a GPU for activations; 0 where the weights do not fit.</summary>
    /// <param name="memoryShare">Share of each GPU's memory, above 0 and at most 1.</param>
    public int KvTokens(double memoryShare) =>
        (int)Math.Max(0, ((GpuCount * ((memoryShare * Gpu.MemoryBytes) - 2e9)) - WeightBytes) / KvBytesPerToken);

    /// <summary>Seconds to load the weights from host memory, all GPUs at once (an assumption).</summary>
    public double WakeSeconds => WeightBytes / (GpuCount * Gpu.WakeBytesPerSecond);

    /// <summary>True where a decode figure at this batch is extrapolated instead of interpolated.</summary>
    public bool OutsideMeasuredRange(double batch) => batch < MeasuredFrom || batch > MeasuredTo;

    /// <summary>True where the clock is so low that the clock assumptions were not meant for it.</summary>
    public bool OutsideMeasuredRange(double batch, PowerSetting setting) =>
        OutsideMeasuredRange(batch) || DecodeClockRatio(batch, setting) < Gpu.LeastClockRatio;

    /// <summary>The profile of a chip unlike the measured one: decode steps and prefill that take so many times as long, decode power as many times as high.</summary>
    public ServingProfile Altered(double decode, double prefill, double power) => this with
    {
        Decode = Decode.Times(decode),
        Power = Power.Times(power),
        Gpu = Gpu with { PrefillUtilisation = Gpu.PrefillUtilisation / prefill },
    };

    /// <summary>One decode step of <paramref name="batch"/> sequences, at least 1.</summary>
    public StepCost DecodeStep(int batch, PowerSetting setting)
    {
        var ratio = DecodeClockRatio(batch, setting);
        var seconds = Decode.Seconds(batch) * (1 + (Gpu.DecodeClockSensitivity * ((1 / ratio) - 1)));
        return new StepCost(seconds, seconds * Power.Watts(batch) * Scale(Gpu.DecodeClockPowerShare, ratio));
    }

    /// <summary>The arithmetic of <paramref name="tokens"/> prompt tokens; it draws the boards' full power at full clock.</summary>
    public StepCost Prefill(int tokens, PowerSetting setting)
    {
        var ratio = PrefillClockRatio(setting);
        var seconds = tokens / (PrefillTokensPerSecond * ratio);
        return new StepCost(seconds, seconds * GpuCount * Gpu.MaxPowerLimitWatts * Scale(Gpu.PrefillClockPowerShare, ratio));
    }

    /// <summary>
    /// One step of a continuous batch: <paramref name="sequences"/> of it, decoding or in their prefill, and
    /// <paramref name="promptTokens"/> of prompt computed beside them. The weights are read once for all, which is what a decode
    /// step measures; prompt arithmetic comes on top (an assumption: chunked prefill without overlap).
    /// </summary>
    public StepCost Step(int sequences, int promptTokens, PowerSetting setting) =>
        promptTokens == 0 ? DecodeStep(sequences, setting) : DecodeStep(sequences, setting) + Prefill(promptTokens, setting);

    /// <summary>Decode steps by batch and prefill by token, as tables for those who may not know formulas.</summary>
    /// <param name="setting">Clock and power limit.</param>
    /// <param name="largestBatch">The tables go from batch 1 to this one.</param>
    public ProfileTable Tabulate(PowerSetting setting, int largestBatch)
    {
        var steps = Enumerable.Range(1, largestBatch).Select(batch => DecodeStep(batch, setting)).ToList();
        // Long enough that the token's share of anything that does not grow with tokens would vanish.
        const int tokens = 1000;
        var prefill = Prefill(tokens, setting);
        return new ProfileTable([.. steps.Select(s => s.Seconds)], [.. steps.Select(s => s.Joules)], prefill.Seconds / tokens, prefill.Joules / tokens);
    }

    /// <summary>SM clock while decoding: the one that was set, or lower where the power limit demands it.</summary>
    public double DecodeClockMHz(int batch, PowerSetting setting) => DecodeClockRatio(batch, setting) * Gpu.MaxClockMHz;

    private double DecodeClockRatio(double batch, PowerSetting setting) =>
        Clamp(setting, Power.Watts(batch) / GpuCount, Gpu.DecodeClockPowerShare);

    private double PrefillClockRatio(PowerSetting setting) =>
        Clamp(setting, Gpu.MaxPowerLimitWatts, Gpu.PrefillClockPowerShare);

    // Power at clock ratio f is P (1 - share (1 - f^2)). Solved for the f that just meets the limit.
    private double Clamp(PowerSetting setting, double fullWatts, double share)
    {
        var set = (double)setting.ClockMHz / Gpu.MaxClockMHz;
        if (fullWatts <= setting.PowerLimitWatts)
            return set;
        var square = 1 - ((1 - (setting.PowerLimitWatts / fullWatts)) / share);
        var least = (double)Gpu.MinClockMHz / Gpu.MaxClockMHz;
        return Math.Min(set, square <= least * least ? least : Math.Sqrt(square));
    }

    private static double Scale(double share, double ratio) => 1 - (share * (1 - (ratio * ratio)));
}
