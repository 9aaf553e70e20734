using Ops.Api;
using Ops.Picking;
using Ops.Profiles;

namespace Ops.Router;

/// <summary>What is known beforehand about a pool's time and energy.</summary>
internal static class Curves
{
    // vLLM's max-num-seqs by default; larger batches count as this one.
    private const int LargestBatch = 256;

    /// <summary>The curve of a pool under its clock and power limit; null when its model was not measured on its GPUs.</summary>
    internal static ServingCurve? Of(ModelPoolSpec pool)
    {
        if (ServingProfiles.Find(pool.Model, pool.Gpu.Product, pool.Gpu.EffectiveCount) is not { } profile)
            return null;
        var setting = new PowerSetting(
            pool.Energy?.ClockMHz ?? profile.Gpu.MaxClockMHz,
            pool.Energy?.PowerLimitWatts ?? profile.Gpu.MaxPowerLimitWatts);
        var table = profile.Tabulate(setting, LargestBatch);
        return new ServingCurve(table.StepSeconds, table.StepJoules, profile.IdleWatts, table.SecondsPerPromptToken, table.JoulesPerPromptToken);
    }
}
