using Ops.Api;

namespace Ops.Planning.Fleet;

/// <summary>What is decided for a pool so far; budgets lower it.</summary>
/// <param name="Pool">The pool.</param>
/// <param name="Replicas">For spec.replicas, or those to be awake where the others sleep.</param>
/// <param name="WantedLevel">The level that its load asks for.</param>
internal sealed record Decision(PoolState Pool, int Replicas, int WantedLevel)
{
    /// <summary>Replicas that may run.</summary>
    public int Running { get; set; } = Replicas;

    /// <summary>Level in force.</summary>
    public int Level { get; set; } = WantedLevel;

    /// <summary>The budget that lowered it.</summary>
    public string? Budget { get; set; }

    /// <summary>Replicas that are to exist: those that sleep stay, so the number only grows, up to the user's bound.</summary>
    public int Pods => !Pool.Sleeps ? Running
        : Pool.Objective == ScalingObjectives.Fixed ? Pool.Replicas
        : Math.Max(Running, Math.Min(Pool.Replicas, Pool.Max));

    /// <summary>
    /// The most that the pool can draw at a level: pods on their way out and those of a rollout draw power too. Null where
    /// nothing is known.
    /// </summary>
    public double? Peak(int level) => Pool.Levels.Count == 0 ? null : (Drawing * Pool.Levels[level].PeakWatts) + SleepWatts(Drawing);

    /// <summary>Watts with nothing to do at the highest level.</summary>
    public double IdleWatts => (Replicas * Pool.Levels[0].IdleWatts) + SleepWatts(Replicas);

    // Whoever is to sleep but still answers draws as the others do.
    private int Drawing => Math.Max(Running, Running < Replicas ? 0 : Pool.Existing - Pool.Asleep);

    private double SleepWatts(int awake) => Pool.Sleeps ? Math.Max(0, Pods - awake) * Pool.SleepWatts : 0;
}
