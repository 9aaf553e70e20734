using System.Runtime.InteropServices;
using Ops.Api;

namespace Ops.Planning.Fleet;

/// <summary>Everything that a plan of the fleet is made from.</summary>
public sealed record FleetObservation
{
    /// <summary>All pools, each key once.</summary>
    public required IReadOnlyList<PoolState> Pools { get; init; }

    /// <summary>What clients ask of the routes.</summary>
    public required IReadOnlyList<RouteDemand> Routes { get; init; }

    /// <summary>The budgets in force.</summary>
    public IReadOnlyList<BudgetState> Budgets { get; init; } = [];

    /// <summary>The moment of observation.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>One pool as it is.</summary>
public sealed record PoolState
{
    /// <summary>namespace/name.</summary>
    public required string Key { get; init; }

    /// <summary>One of <see cref="ScalingObjectives"/>.</summary>
    public required string Objective { get; init; }

    /// <summary>Fewest replicas.</summary>
    public required int Min { get; init; }

    /// <summary>Most replicas.</summary>
    public required int Max { get; init; }

    /// <summary>Replicas beyond what the load needs.</summary>
    public int Warm { get; init; }

    /// <summary>Without a request for so long the pool goes down to min.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>spec.replicas as it stands; engines, for a pool on the GPUs of another.</summary>
    public required int Replicas { get; init; }

    /// <summary>Whether replicas that the load does not need sleep, and stay, instead of going.</summary>
    public bool Sleeps { get; init; }

    /// <summary>Replicas that sleep now.</summary>
    public int Asleep { get; init; }

    /// <summary>Watts of a replica that sleeps.</summary>
    public double SleepWatts { get; init; }

    /// <summary>Pods that exist, those of a rollout included: they draw power whether wanted or not.</summary>
    public int Existing { get; init; }

    /// <summary>Replicas that can answer; one that sleeps cannot.</summary>
    public int Ready { get; init; }

    /// <summary>
    /// Clock and power settings from the highest to the lowest; the first is the one that the spec asks for. Empty where
    /// nothing is known about the model on this hardware.
    /// </summary>
    public required IReadOnlyList<PowerLevel> Levels { get; init; }

    /// <summary>Whether the planner may choose a level, or only a budget that is short.</summary>
    public bool MayLowerClock { get; init; }

    /// <summary>Whether the spec asks for a clock, a limit or a planner's choice, so that the plan has to say what is in force.</summary>
    public bool AsksForPower { get; init; }

    /// <summary>What starting a replica costs.</summary>
    public StartCost Start { get; init; }

    /// <summary>Requests a second that the pool answers now.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Requests that run or wait in its replicas now.</summary>
    public double InFlight { get; init; }

    /// <summary>Requests that wait in a router because the pool has no replica.</summary>
    public double Held { get; init; }

    /// <summary>Measured watts of all replicas, or null.</summary>
    public double? Watts { get; init; }

    /// <summary>What the last plan asked for.</summary>
    public PoolPlanStatus? Previous { get; init; }
}

/// <summary>What starting a replica costs.</summary>
/// <param name="Duration">From the decision to the first answer.</param>
/// <param name="Joules">GPU energy over that time.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StartCost(TimeSpan Duration, double Joules);

/// <summary>What clients ask of a route, and which pools can answer.</summary>
/// <param name="Key">namespace/name.</param>
/// <param name="Outlook">Requests a second until a replica that is started now would be ready.</param>
/// <param name="Variants">The pools and the quality of their answers.</param>
/// <param name="QualityPerJoule">
/// How much quality (0..1 a request) one joule is worth. 0: quality first, and the least energy among equals.
/// </param>
/// <param name="LeastQuality">
/// A floor for the mean quality: above it the least energy decides, whatever the price. Null for none. A route whose variants
/// all lie below it gets its best ones.
/// </param>
public sealed record RouteDemand(
    string Key, DemandOutlook Outlook, IReadOnlyList<VariantChoice> Variants, double QualityPerJoule = 0, double? LeastQuality = null);

/// <summary>A pool as a choice of a route.</summary>
/// <param name="Pool">Key of the pool.</param>
/// <param name="Quality">Expected quality of its answers, 0..1.</param>
public sealed record VariantChoice(string Pool, double Quality);

/// <summary>A forecast of requests a second.</summary>
/// <param name="Expected">Mean over the horizon.</param>
/// <param name="Upper">What is exceeded rarely; at least <paramref name="Expected"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DemandOutlook(double Expected, double Upper);

/// <summary>A cap in watts over some pools.</summary>
/// <param name="Name">Name of the EnergyBudget.</param>
/// <param name="Watts">The cap.</param>
/// <param name="Priorities">Priority by the key of each pool under the budget; higher is served first.</param>
public sealed record BudgetState(string Name, double Watts, IReadOnlyDictionary<string, int> Priorities);
