using Ops.PowerAgent.Gpus;

namespace Ops.PowerAgent;

/// <summary>What is asked of a GPU; null leaves that to the hardware.</summary>
/// <param name="ClockMHz">SM clock.</param>
/// <param name="PowerLimitWatts">Power limit.</param>
internal readonly record struct PowerWish(int? ClockMHz, int? PowerLimitWatts)
{
    /// <summary>Nothing is asked: the hardware's own.</summary>
    public static PowerWish None => default;
}

/// <summary>One GPU's settings to be made.</summary>
/// <param name="Id">Of the GPU.</param>
/// <param name="ClockMHz">SM clock to lock; null unlocks it.</param>
/// <param name="PowerLimitWatts">Power limit to set.</param>
/// <param name="GivesBack">Nothing is asked any more: these are the hardware's own.</param>
/// <param name="Why">In words.</param>
internal sealed record PowerStep(string Id, int? ClockMHz, int PowerLimitWatts, bool GivesBack, string Why);

/// <summary>Brings GPUs to what is asked of them, within what each of them may be set to. Pure.</summary>
internal static class PowerPlanner
{
    /// <summary>
    /// The steps, one for each GPU that is not as it should be. A GPU of which nothing is asked and that this agent has not
    /// set is somebody else's business.
    /// </summary>
    /// <param name="gpus">As read.</param>
    /// <param name="wishes">By GPU.</param>
    /// <param name="made">By GPU, what was set last.</param>
    public static IReadOnlyList<PowerStep> Plan(IReadOnlyList<Gpu> gpus, IReadOnlyDictionary<string, PowerWish> wishes, IReadOnlyDictionary<string, PowerStep> made)
    {
        var steps = new List<PowerStep>();
        foreach (var gpu in gpus)
        {
            var wish = wishes.GetValueOrDefault(gpu.Id);
            var last = made.GetValueOrDefault(gpu.Id);
            if (wish == PowerWish.None && last is null)
                continue;
            var wanted = Settle(gpu, wish);
            if (last is null || !InForce(gpu, wanted, last))
                steps.Add(wanted);
        }

        return steps;
    }

    /// <summary>Back to what each GPU came with, of those that were set.</summary>
    public static IReadOnlyList<PowerStep> Restore(IReadOnlyList<Gpu> gpus, IReadOnlyDictionary<string, PowerStep> made) =>
        [.. gpus.Where(gpu => made.ContainsKey(gpu.Id)).Select(gpu => Settle(gpu, PowerWish.None))];

    // The limit is read back, so that somebody else's change is noticed; NVML does not tell a locked clock.
    private static bool InForce(Gpu gpu, PowerStep wanted, PowerStep last) =>
        last.ClockMHz == wanted.ClockMHz && gpu.PowerLimitWatts == wanted.PowerLimitWatts && (!gpu.TellsLock || gpu.LockedClockMHz == wanted.ClockMHz);

    /// <summary>The wish within the GPU's range; the sentence says when it had to be cut.</summary>
    internal static PowerStep Settle(Gpu gpu, PowerWish wish)
    {
        var range = gpu.Range;
        int? clock = wish.ClockMHz is { } mhz ? Math.Clamp(mhz, range.MinClockMHz, range.MaxClockMHz) : null;
        var watts = Math.Clamp(wish.PowerLimitWatts ?? range.DefaultPowerLimitWatts, range.MinPowerLimitWatts, range.MaxPowerLimitWatts);
        var cut = new List<string>();
        if (clock != wish.ClockMHz)
            cut.Add($"{wish.ClockMHz} MHz asked, {range.MinClockMHz} to {range.MaxClockMHz} possible");
        if (wish.PowerLimitWatts is { } limit && limit != watts)
            cut.Add($"{limit} W asked, {range.MinPowerLimitWatts} to {range.MaxPowerLimitWatts} possible");
        var words = wish == PowerWish.None ? "nothing is asked of it any more" : $"{(clock is null ? "free clock" : $"{clock} MHz")} and {watts} W";
        return new PowerStep(gpu.Id, clock, watts, wish == PowerWish.None, cut.Count == 0 ? words : $"{words}: {string.Join(", ", cut)}");
    }
}
