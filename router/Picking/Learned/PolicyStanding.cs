namespace Ops.Picking;

/// <summary>Where a learned policy stands in one router. In all but one the price rule decides.</summary>
public enum PolicyStanding
{
    /// <summary>It decides.</summary>
    InForce,

    /// <summary>It is asked beside the rule and not followed yet.</summary>
    Shadow,

    /// <summary>Most requests of the last minute were unlike its training.</summary>
    OutsideTraining,

    /// <summary>Most requests of the last minute met figures that were too old.</summary>
    NoFreshMetrics,

    /// <summary>It did worse than the rule; it stays out until another file comes.</summary>
    RolledBack,
}
