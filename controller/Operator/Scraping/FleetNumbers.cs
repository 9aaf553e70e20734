using System.Collections.Immutable;
using Ops.Kube;
using Ops.Planning.Pools;
using Ops.Planning.Routes;

namespace Ops.Operator.Scraping;

/// <summary>The newest numbers of every pool and route. One immutable snapshot, swapped after each round of scrapes.</summary>
internal sealed class FleetNumbers
{
    private volatile Snapshot current = Snapshot.Empty;

    /// <summary>Numbers of a pool; null before the first round of scrapes.</summary>
    public PoolNumbers? OfPool(ObjectKey pool) => current.Pools.GetValueOrDefault(pool);

    /// <summary>Numbers of a route; null while there is no full window.</summary>
    public RouteNumbers? OfRoute(ObjectKey route) => current.Routes.GetValueOrDefault(route);

    /// <summary>What the routers make of a route's learned policy; null when none said so.</summary>
    public PolicyReport? PolicyOf(ObjectKey route) => current.Policies.GetValueOrDefault(route);

    /// <summary>Requests that wait in all routers for a pool without a replica.</summary>
    public double HeldFor(ObjectKey pool) => current.Held.GetValueOrDefault(pool);

    /// <summary>Puts a new snapshot in place.</summary>
    public void Swap(Snapshot next) => current = next;

    /// <summary>One round's result.</summary>
    internal sealed record Snapshot(
        ImmutableDictionary<ObjectKey, PoolNumbers> Pools, ImmutableDictionary<ObjectKey, RouteNumbers> Routes, ImmutableDictionary<ObjectKey, double> Held,
        ImmutableDictionary<ObjectKey, PolicyReport> Policies)
    {
        public static readonly Snapshot Empty = new(
            ImmutableDictionary<ObjectKey, PoolNumbers>.Empty, ImmutableDictionary<ObjectKey, RouteNumbers>.Empty, ImmutableDictionary<ObjectKey, double>.Empty,
            ImmutableDictionary<ObjectKey, PolicyReport>.Empty);
    }
}
