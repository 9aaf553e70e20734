using System.Collections.Immutable;
using Ops.Storage.Slots;

namespace Ops.Storage.Load;

/// <summary>How the load of slots was learnt.</summary>
public enum LoadSource
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>The engine counts CPU time by slot (CLUSTER SLOT-STATS); loads are microseconds a second.</summary>
    SlotStats,

    /// <summary>A sample of the commands that each node ran, scaled to all of them; loads are commands a second.</summary>
    Commands,
}

/// <summary>The load of slots over one short interval.</summary>
/// <param name="Source">How it was learnt.</param>
/// <param name="Interval">How long it was looked.</param>
/// <param name="Measured">Slots that the sample speaks of: those of nodes that answered.</param>
/// <param name="Rates">Load by slot, 16,384 entries in the unit of the source; 0 for slots that are not measured.</param>
/// <param name="Observations">Commands that were looked at; the more, the less noise.</param>
/// <param name="Keys">Keys that were seen, each with its share of its node's load; empty where only slots are counted.</param>
public sealed record LoadSample(LoadSource Source, TimeSpan Interval, SlotSet Measured, ImmutableArray<double> Rates, int Observations, ImmutableArray<KeyLoad> Keys);

/// <summary>A key and its load.</summary>
/// <param name="Key">The key as the engine writes it. It comes from clients: data, not to be trusted.</param>
/// <param name="Slot">Its slot.</param>
/// <param name="Rate">Its load in the unit of the source.</param>
public sealed record KeyLoad(string Key, int Slot, double Rate);
