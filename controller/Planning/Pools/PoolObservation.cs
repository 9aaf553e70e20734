using k8s.Models;
using Ops.Api;
using Ops.Planning.Fleet;

namespace Ops.Planning.Pools;

/// <summary>Everything that a pool's status is made from.</summary>
public sealed record PoolObservation
{
    /// <summary>The pool with its present status.</summary>
    public required ModelPool Pool { get; init; }

    /// <summary>The plan of this round.</summary>
    public required PoolPlan Plan { get; init; }

    /// <summary>What the fleet's plan asks of the pool; null before the first plan, which keeps what is shown.</summary>
    public PoolTarget? Fleet { get; init; }

    /// <summary>The pool in whose pods the model runs; null where they are its own.</summary>
    public ModelPool? Host { get; init; }

    /// <summary>The Deployment of the pool's pods, or null.</summary>
    public V1Deployment? Deployment { get; init; }

    /// <summary>The pool's pods.</summary>
    public IReadOnlyCollection<V1Pod> Pods { get; init; } = [];

    /// <summary>What the pods' metrics said; null before the first scrape, which keeps the numbers shown.</summary>
    public PoolNumbers? Numbers { get; init; }

    /// <summary>Engines that routers are to leave alone because they sleep or will; null before the first look, which keeps those shown.</summary>
    public IReadOnlyList<string>? Sleeping { get; init; }

    /// <summary>The moment of observation.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>Numbers of one scrape window; a null was not measured.</summary>
public sealed record PoolNumbers
{
    /// <summary>False after the first scrape, which has no window yet: the rates that are shown stay. Default true.</summary>
    public bool HasRates { get; init; } = true;

    /// <summary>GPU watts of all pods.</summary>
    public double? Watts { get; init; }

    /// <summary>GPU joules by generated token.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>Generated tokens a second.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>The slowest reported SM clock in MHz.</summary>
    public int? ClockMHz { get; init; }

    /// <summary>Answers finished a second.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Requests that run or wait in the pods now.</summary>
    public double? InFlight { get; init; }
}
