using System.Runtime.InteropServices;
using Ops.Profiles;

namespace Ops.Learning;

/// <summary>What can be done to a replica.</summary>
public enum FleetAction
{
    /// <summary>It is gone at once: what it had not begun to answer is tried elsewhere, the rest fails.</summary>
    Lose,

    /// <summary>A cold start, if it is off; ready after <see cref="SimulatedPool.ColdStartSeconds"/>.</summary>
    Start,

    /// <summary>No new requests; off when the last one has ended.</summary>
    Stop,

    /// <summary>No new requests; asleep (weights in host memory) when the last one has ended.</summary>
    Sleep,

    /// <summary>Loads the weights from host memory; ready after <see cref="ServingProfile.WakeSeconds"/>.</summary>
    Wake,

    /// <summary>Another clock and power limit, from its next step on.</summary>
    SetPower,
}

/// <summary>One change to one replica.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Pool">Index of the pool in <see cref="SimulatedFleet.Pools"/>.</param>
/// <param name="Replica">Index in <see cref="SimulatedPool.Placement"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FleetChange(FleetAction Action, int Pool, int Replica)
{
    /// <summary>For <see cref="FleetAction.SetPower"/>.</summary>
    public PowerSetting Setting { get; init; }
}

/// <summary>A change at a given time.</summary>
/// <param name="At">Seconds since the start of the run.</param>
/// <param name="Change">The change.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ScheduledChange(double At, FleetChange Change);

/// <summary>Where a replica stands.</summary>
public enum ReplicaStatus
{
    /// <summary>Takes requests.</summary>
    Ready,

    /// <summary>Loads its weights, cold or from host memory.</summary>
    Starting,

    /// <summary>Ends what it has and takes no more.</summary>
    Draining,

    /// <summary>Weights in host memory; draws <see cref="SimulationOptions.SleepWatts"/>.</summary>
    Asleep,

    /// <summary>Not there; draws nothing.</summary>
    Off,
}
