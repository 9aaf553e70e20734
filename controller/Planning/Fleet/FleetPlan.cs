using System.Collections.Immutable;
using Ops.Api;

namespace Ops.Planning.Fleet;

/// <summary>What every pool is asked for, and how the budgets came out.</summary>
/// <param name="Pools">One target a pool, by key.</param>
/// <param name="Budgets">One outcome a budget, in the observation's order.</param>
/// <param name="Memory">Goes into the next planning.</param>
public sealed record FleetPlan(
    IReadOnlyDictionary<string, PoolTarget> Pools, IReadOnlyList<BudgetOutcome> Budgets, FleetMemory Memory);

/// <summary>What one pool is asked for.</summary>
public sealed record PoolTarget
{
    /// <summary>Value for spec.replicas; null where it is the user's own (objective fixed).</summary>
    public int? Scale { get; init; }

    /// <summary>spec.replicas when the plan was made. Where it is another by now, somebody scaled the pool, and the next plan starts from there.</summary>
    public int ScaleFrom { get; init; }

    /// <summary>For the pool's status; null where no planner has a say.</summary>
    public PoolPlanStatus? Plan { get; init; }
}

/// <summary>How a budget came out.</summary>
public sealed record BudgetOutcome
{
    /// <summary>Name of the EnergyBudget.</summary>
    public required string Name { get; init; }

    /// <summary>The most that its pools can draw under the plan.</summary>
    public required double AllocatedWatts { get; init; }

    /// <summary>What its pools draw with nothing to do.</summary>
    public required double IdleWatts { get; init; }

    /// <summary>Measured watts of its pools; null where none was measured.</summary>
    public double? ObservedWatts { get; init; }

    /// <summary>Number of its pools.</summary>
    public required int Pools { get; init; }

    /// <summary>Keys of pools that it holds below what their load asks for, in order.</summary>
    public required IReadOnlyList<string> Limited { get; init; }

    /// <summary>Keys of pools whose power nothing is known about: they count as measured and cannot be held back.</summary>
    public required IReadOnlyList<string> Unknown { get; init; }
}

/// <summary>What has to be remembered between two plannings. Starts empty, also after a restart.</summary>
public sealed record FleetMemory
{
    /// <summary>Nothing remembered.</summary>
    public static readonly FleetMemory Empty = new();

    internal ImmutableDictionary<string, PoolMemory> Pools { get; init; } = ImmutableDictionary<string, PoolMemory>.Empty;
}

/// <summary>What is remembered of a pool.</summary>
/// <param name="LowerSince">Since when fewer replicas would do.</param>
/// <param name="LowerTo">The most that were wanted since then.</param>
/// <param name="IdleSince">Since when there was no request.</param>
internal sealed record PoolMemory(DateTimeOffset? LowerSince = null, int LowerTo = 0, DateTimeOffset? IdleSince = null);
