using Ops.Api;
using Ops.Kube;
using Ops.Operator.Budgets;
using Ops.Operator.Energy;
using Ops.Operator.Fleet;
using Ops.Operator.Healing;
using Ops.Operator.Pools;
using Ops.Operator.Routes;
using Ops.Operator.Scraping;
using Ops.Operator.Stores;

namespace Ops.Operator.Hosting;

/// <summary>Runs the caches always, and the work while this process leads.</summary>
internal sealed class OperatorService(
    FleetCaches caches,
    LeaderLease lease,
    PoolReconciler poolReconciler,
    RouteReconciler routeReconciler,
    BudgetReconciler budgetReconciler,
    StoreReconciler storeReconciler,
    FleetPlanning planning,
    ScrapeLoop scrapes,
    SleepKeeper sleep,
    EventRecorder events,
    HealingWork healing,
    TimeProvider time,
    ILoggerFactory logs) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pools = new ControllerLoop("modelpool", poolReconciler, null, time, logs)
            .For(caches.Pools)
            .Owns(caches.Deployments, ModelPool.KindName)
            .Owns(caches.Services, ModelPool.KindName)
            .Watches(caches.PoolPods, pod => caches.GuestsByHost[FleetCaches.PoolOf(pod).ToString()].Select(guest => ObjectKey.Of(guest)).Prepend(FleetCaches.PoolOf(pod)))
            // Who shares pods with a pool that has changed: its host, and all that share them too.
            .Watches(caches.Pools, pool => caches.GuestsByHost[FleetCaches.HostKey(pool).ToString()].Select(guest => ObjectKey.Of(guest)).Prepend(FleetCaches.HostKey(pool)));
        var routes = new ControllerLoop("modelroute", routeReconciler, null, time, logs)
            .For(caches.Routes)
            .Watches(caches.Routes, route => caches.RoutesByModel[route.EffectiveModel].Select(other => ObjectKey.Of(other)))
            .Watches(caches.Pools, pool => caches.RoutesByPool[ObjectKey.Of(pool).ToString()].Select(route => ObjectKey.Of(route)));
        var budgets = new ControllerLoop("energybudget", budgetReconciler, null, time, logs).For(caches.Budgets);
        var stores = new ControllerLoop("shardedstore", storeReconciler, null, time, logs)
            .For(caches.Stores)
            .Owns(caches.StatefulSets, ShardedStore.KindName)
            .Owns(caches.Services, ShardedStore.KindName)
            .Watches(caches.StorePods, pod => [FleetCaches.StoreOf(pod)]);
        scrapes.Published += planning.Plan;
        scrapes.Published += sleep.Look;
        sleep.PoolMoved += pools.Enqueue;
        planning.PoolMoved += pools.Enqueue;
        planning.BudgetMoved += budgets.Enqueue;
        scrapes.PoolMoved += pools.Enqueue;
        scrapes.RouteMoved += routes.Enqueue;

        // Every candidate keeps its caches warm, so that a new leader works at once.
        var running = caches.All.Select(cache => cache.Cache.RunAsync(stoppingToken)).ToList();
        running.Add(healing.RunCachesAsync(stoppingToken));
        running.Add(lease.RunAsync(
            leading => Task.WhenAll(pools.RunAsync(leading), routes.RunAsync(leading), budgets.RunAsync(leading), stores.RunAsync(leading), scrapes.RunAsync(leading), sleep.RunAsync(leading), events.RunAsync(leading), healing.RunAsync(leading)),
            stoppingToken));
        // None of these ends by itself; the first that does has failed, and its exception stops the host.
        await await Task.WhenAny(running);
        await Task.WhenAll(running);
    }
}
