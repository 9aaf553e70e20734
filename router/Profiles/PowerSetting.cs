using System.Runtime.InteropServices;

namespace Ops.Profiles;

/// <summary>What a power agent sets on every GPU of a replica.</summary>
/// <param name="ClockMHz">Upper bound of the SM clock.</param>
/// <param name="PowerLimitWatts">Board power limit of each GPU.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PowerSetting(int ClockMHz, int PowerLimitWatts);

/// <summary>Time and energy of some work on all GPUs of a replica.</summary>
/// <param name="Seconds">How long it takes.</param>
/// <param name="Joules">Energy over that time, idle power included.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StepCost(double Seconds, double Joules)
{
    /// <summary>Mean power over the step; 0 for an empty step.</summary>
    public double Watts => Seconds > 0 ? Joules / Seconds : 0;

    /// <summary>One after the other.</summary>
    public static StepCost operator +(StepCost left, StepCost right) =>
        new(left.Seconds + right.Seconds, left.Joules + right.Joules);

    /// <summary>One after the other.</summary>
    public static StepCost Add(StepCost left, StepCost right) => left + right;
}
