using System.Collections.Immutable;
using Ops.Storage.Slots;

namespace Ops.Storage.Planning;

/// <summary>How a store shall be.</summary>
public sealed record StoreGoal
{
    /// <summary>What a node is given to answer at most. One that needs longer to say who it is cannot be worked with now.</summary>
    public static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(1);

    /// <summary>The shards in order. A shard that shall go stays listed, as leaving, until it holds no slot.</summary>
    public required ImmutableArray<ShardGoal> Shards { get; init; }

    /// <summary>Whether the store has once been whole. After that no slot is ever assigned anew: an uncovered one is a loss.</summary>
    public bool Formed { get; init; }

    /// <summary>The last known node id of each member: a silent member is told from a ghost by it.</summary>
    public ImmutableDictionary<string, string> Identities { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Replicas that were seen with a whole copy. Where the planner elects, it takes none but these.</summary>
    public ImmutableDictionary<string, StoreCopy> Copies { get; init; } = ImmutableDictionary<string, StoreCopy>.Empty;

    /// <summary>Members that run an older template than they should.</summary>
    public ImmutableHashSet<string> Outdated { get; init; } = [];

    /// <summary>Members whose process is known not to run, so that a restart takes nothing away.</summary>
    public ImmutableHashSet<string> Down { get; init; } = [];

    /// <summary>How long each member's process has run; where none runs yet, how long its pod has been there. A member whose pod is missing or ends is absent.</summary>
    public ImmutableDictionary<string, TimeSpan> Ages { get; init; } = ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>Whether the engine elects a new primary by itself. Where it does not, the planner does.</summary>
    public bool EngineElects { get; init; } = true;

    /// <summary>Silence after which a primary counts as failed. Default 2 s. Used only where the planner elects.</summary>
    public TimeSpan FailoverAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// What a node is given to answer in one look. Where the planner elects, two looks that one misses fit into the silence
    /// after which it counts as failed: one alone never does it, and no look ends later than it has to.
    /// </summary>
    public TimeSpan AnswerWithin => EngineElects || FailoverAfter / 2 > LongestAnswer ? LongestAnswer : FailoverAfter / 2;

    /// <summary>Whether a person has approved a takeover without a majority of primaries. It may lose acknowledged writes.</summary>
    public bool TakeoverApproved { get; init; }

    /// <summary>Why no slot may move now, as a sentence; null when slots may.</summary>
    public string? MovesHeld { get; init; }

    /// <summary>What the slots are balanced by.</summary>
    public RebalanceMode Rebalance { get; init; } = RebalanceMode.Load;

    /// <summary>
    /// Whether every shard has once had its share of the slots. Until then new shards are filled by the number of slots where
    /// the load is not known; after that an unknown load moves nothing.
    /// </summary>
    public bool Filled { get; init; }

    /// <summary>Slots that were moved so lately that they are left where they are.</summary>
    public SlotSet Resting { get; init; } = SlotSet.Empty;

    /// <summary>Load of the busiest shard over the mean at which moving stops. Default 1.15.</summary>
    public double TargetSkew { get; init; } = 1.15;

    /// <summary>Slots that may still be moved for balance now; what leaves a shard that goes does not count.</summary>
    public int MovesLeft { get; init; } = int.MaxValue;

    /// <summary>
    /// Replicas in step that a shard keeps of its own when it lends one to a shard whose reads are many, at least 1; null when
    /// none is lent. What cluster-migration-barrier is to the engine's own replica migration.
    /// </summary>
    public int? MigrationBarrier { get; init; }

    /// <summary>Most steps of one plan. A step is a command or a slot of at most a few thousand keys: 16 take a second or two.</summary>
    public int MaxSteps { get; init; } = 16;

    /// <summary>Names of all members, in order.</summary>
    public IEnumerable<string> Members => Shards.SelectMany(shard => shard.Members);

    /// <summary>Name of the shard that a member belongs to; empty for one that is in none.</summary>
    public string ShardOf(string member) => Shards.FirstOrDefault(shard => shard.Members.Contains(member))?.Name ?? "";
}

/// <summary>One shard.</summary>
/// <param name="Name">The shard's name.</param>
/// <param name="Members">Its members; the first one becomes primary when the store is formed.</param>
/// <param name="Leaving">Whether its slots shall go to the others.</param>
public sealed record ShardGoal(string Name, ImmutableArray<string> Members, bool Leaving = false);

/// <summary>What slots are balanced by.</summary>
public enum RebalanceMode
{
    /// <summary>Not at all; slots move only out of shards that leave, and a new shard stays empty.</summary>
    Off,

    /// <summary>The same number of slots for each shard, which is the same number of keys when keys are many.</summary>
    Keys,

    /// <summary>The measured load of each slot.</summary>
    Load,
}
