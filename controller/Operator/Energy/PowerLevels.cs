using System.Runtime.InteropServices;
using Ops.Api;
using Ops.Planning.Fleet;
using Ops.Profiles;

namespace Ops.Operator.Energy;

/// <summary>What the measured profiles say about a pool, as the planner's plain data.</summary>
internal static class PowerLevels
{
    // Shares of the highest clock. The last three lie below what the profiles' clock assumptions were meant for.
    private static readonly double[] Ratios = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2];

    // Where the straight lines of the power curve bend: power rises steeply with the first request and little after.
    private static readonly double[] Loads = [0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1];

    // Clocks that GPUs offer are multiples of 15 MHz.
    private const int ClockStep = 15;

    /// <summary>The settings of one replica from the highest to the lowest; empty where no profile covers the model on the GPU.</summary>
    /// <param name="pool">The pool; its spec.energy bounds the settings.</param>
    /// <param name="shape">What is asked of a replica.</param>
    public static IReadOnlyList<PowerLevel> Of(ModelPoolSpec pool, RequestShape shape) =>
        ServingProfiles.Find(pool.Model, pool.Gpu.Product, pool.Gpu.EffectiveCount) is { } profile ? Of(profile, pool.Energy, shape) : [];

    /// <summary>The settings of one replica from the highest to the lowest.</summary>
    public static IReadOnlyList<PowerLevel> Of(ServingProfile profile, EnergySpec? bounds, RequestShape shape)
    {
        var gpu = profile.Gpu;
        var highest = new PowerSetting(Math.Min(bounds?.ClockMHz ?? gpu.MaxClockMHz, gpu.MaxClockMHz), Math.Min(bounds?.PowerLimitWatts ?? gpu.MaxPowerLimitWatts, gpu.MaxPowerLimitWatts));
        var levels = new List<PowerLevel> { Level(profile, highest, shape, bounds?.ClockMHz, bounds?.PowerLimitWatts, forBudgetsOnly: false)! };
        foreach (var ratio in Ratios)
        {
            var clock = (int)(ratio * gpu.MaxClockMHz / ClockStep) * ClockStep;
            if (clock >= highest.ClockMHz || clock < gpu.MinClockMHz)
                continue;
            // The limit that the clock implies is set too: where a chip draws more than its model, the board holds it.
            var limit = Math.Clamp((int)Math.Ceiling(Peak(profile, new(clock, highest.PowerLimitWatts)) / profile.GpuCount), gpu.MinPowerLimitWatts, highest.PowerLimitWatts);
            if (Level(profile, new(clock, limit), shape, clock, limit, ratio < gpu.LeastClockRatio) is { } level)
                levels.Add(level);
        }

        return levels;
    }

    private static PowerLevel? Level(ServingProfile profile, PowerSetting setting, RequestShape shape, int? clock, int? limit, bool forBudgetsOnly)
    {
        var capacity = SteadyState.Capacity(profile, setting, shape.PromptTokens, shape.OutputTokens, shape.SecondsToFirstToken, shape.SecondsPerToken);
        // What cannot keep the objective at all still serves something when power is short, or when nothing better is allowed.
        if (capacity <= 0 && clock is not null && !forBudgetsOnly)
            return null;
        if (capacity <= 0)
            capacity = SteadyState.Capacity(profile, setting, shape.PromptTokens, shape.OutputTokens, double.MaxValue, double.MaxValue);
        return new()
        {
            ClockMHz = clock,
            PowerLimitWatts = limit,
            ForBudgetsOnly = forBudgetsOnly,
            PeakWatts = Math.Max(Peak(profile, setting), profile.GpuCount * setting.PowerLimitWatts),
            Points = [.. Loads.Select(load => new LoadPoint(
                load * capacity,
                SteadyState.Of(profile, setting, load * capacity, shape.PromptTokens, shape.OutputTokens).Watts))],
        };
    }

    // The most over every batch, decoding or in prefill; a step that mixes both draws their mean.
    private static double Peak(ServingProfile profile, PowerSetting setting) =>
        Math.Max(profile.Prefill(1000, setting).Watts, Enumerable.Range(1, 256).Max(batch => profile.DecodeStep(batch, setting).Watts));
}

/// <summary>Mean request and the objective that it has to keep.</summary>
/// <param name="PromptTokens">Mean prompt tokens.</param>
/// <param name="OutputTokens">Mean output tokens.</param>
/// <param name="SecondsToFirstToken">Objective of the first token.</param>
/// <param name="SecondsPerToken">Objective of later tokens.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RequestShape(double PromptTokens, double OutputTokens, double SecondsToFirstToken, double SecondsPerToken)
{
    /// <summary>Before anything was measured: the means of the public conversation trace (1,155 and 211 tokens) in two digits, and the default objective.</summary>
    public static readonly RequestShape Unknown = new(1200, 210, 1, 0.1);
}
