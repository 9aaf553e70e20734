using Ops.Api;
using Ops.Kube;
using Ops.Operator.Fleet;
using Ops.Operator.Scraping;
using Ops.Planning.Routes;
using Ops.Profiles;

namespace Ops.Operator.Routes;

/// <summary>One ModelRoute: its status. The routers read the route themselves, so there is nothing else to apply.</summary>
internal sealed class RouteReconciler(
    FleetCaches caches, FleetNumbers numbers, StatusWriter statuses, TimeProvider time) : IReconciler
{
    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (caches.Routes.Get(key) is not { Metadata.DeletionTimestamp: null } route)
            return Requeue.None;

        var pools = PoolsOf(route);
        var status = RouteStatusPlanner.Plan(new()
        {
            Route = route,
            Pools = pools,
            WithoutProfile = pools.Where(pool => !HasProfile(pool.Value.Spec)).Select(pool => pool.Key).ToHashSet(StringComparer.Ordinal),
            Winner = WinnerOver(route),
            Numbers = numbers.OfRoute(key),
            Learned = numbers.PolicyOf(key),
            Now = time.GetUtcNow(),
        });
        var intent = new ModelRoute
        {
            Metadata = new() { Name = route.Metadata.Name, NamespaceProperty = route.Metadata.NamespaceProperty },
            Status = status,
        };
        await statuses.WriteAsync(intent, route, shown => shown.Status?.Conditions, cancellationToken);
        return Requeue.None;
    }

    private static bool HasProfile(ModelPoolSpec pool) => ServingProfiles.Find(pool.Model, pool.Gpu.Product, pool.Gpu.EffectiveCount) is not null;

    private Dictionary<string, ModelPool> PoolsOf(ModelRoute route)
    {
        var pools = new Dictionary<string, ModelPool>(StringComparer.Ordinal);
        foreach (var variant in route.Spec.Variants)
        {
            if (caches.Pools.Get(FleetCaches.Key(route, variant.Pool)) is { Metadata.DeletionTimestamp: null } pool)
                pools[variant.Pool] = pool;
        }

        return pools;
    }

    private ModelRoute? WinnerOver(ModelRoute route)
    {
        ModelRoute? winner = null;
        foreach (var other in caches.RoutesByModel[route.EffectiveModel])
        {
            if (other.Metadata.DeletionTimestamp is null && FleetCaches.Before(other, winner ?? route))
                winner = other;
        }

        return winner;
    }
}
