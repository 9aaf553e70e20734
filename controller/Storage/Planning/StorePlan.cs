using System.Collections.Immutable;

namespace Ops.Storage.Planning;

/// <summary>What is to be done next, and why.</summary>
/// <param name="Phase">Where the store stands.</param>
/// <param name="Reason">A sentence for people.</param>
/// <param name="Steps">At most <see cref="StoreGoal.MaxSteps"/>; empty where the engine or a person is waited for.</param>
public sealed record StorePlan(StorePhase Phase, string Reason, ImmutableArray<StoreStep> Steps)
{
    /// <summary>What is wrong and not ours to decide, whatever else goes on.</summary>
    public ImmutableArray<StoreProblem> Problems { get; init; } = [];
}

/// <summary>Where a store stands.</summary>
public enum StorePhase
{
    /// <summary>Nothing to do.</summary>
    Steady,

    /// <summary>Waits for members, for gossip or for the engine's own election.</summary>
    Waiting,

    /// <summary>Comes into being.</summary>
    Forming,

    /// <summary>Nodes get to know each other or their new addresses.</summary>
    Joining,

    /// <summary>A replica takes the place of a failed primary.</summary>
    FailingOver,

    /// <summary>Replicas are attached, ghosts forgotten, broken moves finished.</summary>
    Repairing,

    /// <summary>A member that hangs starts anew.</summary>
    Restarting,

    /// <summary>Members start anew, one after the other, because their template changed.</summary>
    Upgrading,

    /// <summary>Slots move.</summary>
    Rebalancing,

    /// <summary>A replica is lent to a shard whose reads are many, or goes back to its own.</summary>
    Lending,

    /// <summary>Only a person can decide.</summary>
    Blocked,
}

/// <summary>Something that only a person can decide.</summary>
/// <param name="Reason">One word for conditions: ForeignData, ForeignNode, NotBelieved, ShardLost, QuorumLost, SlotsUncovered, HotSlot.</param>
/// <param name="Message">What was found and what would help.</param>
public sealed record StoreProblem(string Reason, string Message);
