using Ops.Api;

namespace Ops.Planning.Fleet;

/// <summary>A pool and the replicas that the plan may ask of it: those of spec.replicas, or where others sleep those that are awake.</summary>
/// <param name="State">The pool.</param>
/// <param name="Least">Fewest.</param>
/// <param name="Most">Most.</param>
internal sealed record BoundedPool(PoolState State, int Least, int Most)
{
    /// <summary>What is asked of it now.</summary>
    public int Current => State.Sleeps ? Math.Min(State.Previous?.Awake ?? State.Replicas, State.Replicas) : State.Replicas;

    /// <summary>Whether nobody but the user decides.</summary>
    public bool IsFixed => State.Objective == ScalingObjectives.Fixed && !State.Sleeps;

    /// <summary>Whether the number of its replicas is chosen for the least energy.</summary>
    public bool SavesEnergy => State.Objective == ScalingObjectives.Energy || (State.Objective == ScalingObjectives.Fixed && State.Sleeps);

    /// <summary>Whether somebody asks it for answers.</summary>
    public bool Asked => State.RequestsPerSecond > 0 || State.InFlight > 0 || State.Held > 0;

    /// <summary>The pool within its bounds.</summary>
    public static BoundedPool Of(PoolState pool)
    {
        var isFixed = pool.Objective == ScalingObjectives.Fixed;
        if (isFixed && !pool.Sleeps)
            return new(pool, pool.Replicas, pool.Replicas);
        // A request that is held for the pool is answered by nobody else.
        var least = pool.Held > 0 ? Math.Max(1, pool.Min) : pool.Min;
        // Only what is there can be woken where nobody may add to it.
        var most = isFixed ? pool.Replicas : pool.Max;
        return new(pool, Math.Min(least, most), most);
    }
}
