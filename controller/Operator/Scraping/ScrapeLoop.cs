using System.Collections.Concurrent;
using System.Collections.Immutable;
using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Operator.Fleet;
using Ops.Planning.Pools;
using Ops.Planning.Routes;

namespace Ops.Operator.Scraping;

/// <summary>Reads the metrics of all pool and router pods and of GPU nodes' exporters in rounds, and wakes the pools and routes whose numbers moved.</summary>
internal sealed partial class ScrapeLoop(
    FleetCaches caches, FleetNumbers numbers, MetricsReader reader, OperatorOptions options, TimeProvider time, ILogger<ScrapeLoop> logger)
{
    // A healthy pod answers in about 10 ms and a dead one costs the reader's 2 s, so a round of 15 s has room for
    // 16 x 15 / 2 = 120 dead pods, or for about 20,000 healthy ones.
    private const int Parallel = 16;

    private const string Pool = "pool";
    private const string Router = "router";
    private const string Node = "node";

    /// <summary>Raised for each pool whose shown numbers would change.</summary>
    public event Action<ObjectKey>? PoolMoved;

    /// <summary>Raised for each route whose shown numbers would change.</summary>
    public event Action<ObjectKey>? RouteMoved;

    /// <summary>Raised after each round, when its numbers are in place.</summary>
    public event Action? Published;

    /// <summary>Scrapes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var (_, cache) in caches.All)
            await cache.WaitForSyncAsync(cancellationToken);
        var previous = Round.Empty;
        using var timer = new PeriodicTimer(options.ScrapeInterval, time);
        do
        {
            var round = await ScrapeAsync(cancellationToken);
            Publish(previous, round);
            previous = round;
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task<Round> ScrapeAsync(CancellationToken cancellationToken)
    {
        var pools = new ConcurrentDictionary<ObjectKey, ConcurrentDictionary<string, PodSample>>();
        var routers = new ConcurrentDictionary<string, RouterSample>();
        var nodes = new ConcurrentBag<string>();
        var targets = Targets();
        using var limit = new CancellationTokenSource(options.ScrapeInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await System.Threading.Tasks.Parallel.ForEachAsync(
                targets, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = either.Token }, async (target, token) =>
                {
                    var page = await reader.ReadAsync(target.Address, token);
                    OperatorMetrics.Scraped(target.Kind, page is not null);
                    if (page is null)
                        return;
                    if (target.Kind == Router)
                        routers[target.Pod.Metadata.Uid] = RouterSample.Read(page, Seconds());
                    else if (target.Kind == Node)
                        nodes.Add(page);
                    else
                        pools.GetOrAdd(target.Pool, _ => new())[target.Series] = PodSample.Read(page, Seconds());
                });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Log.RoundTooLong(logger, options.ScrapeInterval);
        }

        Complete(pools, nodes);
        return new(pools.ToDictionary(pool => pool.Key, pool => (IReadOnlyDictionary<string, PodSample>)pool.Value), routers);
    }

    // Every pod that shows figures, with the address of its page. DCGM's exporter and Kepler name their ports so.
    private List<(V1Pod Pod, string Kind, Uri Address, ObjectKey Pool, string Series)> Targets()
    {
        (IEnumerable<V1Pod> Pods, string Kind, string Port)[] sources =
        [
            (caches.PoolPods.List(), Pool, WellKnown.HttpPortName),
            (caches.RouterPods.List(), Router, WellKnown.HttpPortName),
            (caches.PowerAgents.List(), Node, WellKnown.HttpPortName),
            (caches.DcgmExporters.List(), Node, "metrics"),
            (caches.Keplers.List(), Node, "http"),
        ];
        return
        [
            .. from source in sources
               from pod in source.Pods
               let address = ScrapeTarget.Of(pod, source.Port)
               where address is not null
               select (pod, source.Kind, address, FleetCaches.PoolOf(pod), pod.Metadata.Uid),
            .. Guests(),
        ];
    }

    // Engines of other pools in a pool's pods, each with a page of its own.
    private IEnumerable<(V1Pod Pod, string Kind, Uri Address, ObjectKey Pool, string Series)> Guests() =>
        from guest in caches.Pools.List()
        where guest.Spec.CoResident is not null
        let shared = caches.Shared(guest)
        where shared is { Host: not null, Problem: null }
        from pod in caches.PodsByPool[FleetCaches.HostKey(guest).ToString()]
        from engine in Enumerable.Range(0, CoResidence.EnginesByPod(guest, shared.Host!))
        let port = guest.Spec.Engine.EffectivePort + engine
        let address = ScrapeTarget.At(pod, port)
        where address is not null
        select (pod, Pool, address, ObjectKey.Of(guest), $"{pod.Metadata.Uid}:{port}");

    // Engines that know nothing of their GPUs, as vLLM, are completed from their node's exporters.
    private void Complete(ConcurrentDictionary<ObjectKey, ConcurrentDictionary<string, PodSample>> pools, ConcurrentBag<string> nodes)
    {
        if (nodes.IsEmpty)
            return;
        var readings = GpuReadings.Read(nodes);
        foreach (var pod in caches.PoolPods.List())
        {
            if (pools.TryGetValue(FleetCaches.PoolOf(pod), out var samples) && samples.TryGetValue(pod.Metadata.Uid, out var sample))
                sample.Complete(readings.Of(ObjectKey.Of(pod)));
        }
    }

    private double Seconds() => time.GetTimestamp() / (double)time.TimestampFrequency;

    private void Publish(Round before, Round now)
    {
        var pools = ImmutableDictionary.CreateBuilder<ObjectKey, PoolNumbers>();
        foreach (var key in caches.Pools.List().Select(pool => ObjectKey.Of(pool)))
            pools[key] = PoolWindow.Numbers(before.Pool(key), now.Pool(key));

        var traffic = RouteWindow.Traffic(before.Routers, now.Routers);
        var routes = ImmutableDictionary.CreateBuilder<ObjectKey, RouteNumbers>();
        var policies = ImmutableDictionary.CreateBuilder<ObjectKey, PolicyReport>();
        foreach (var route in caches.Routes.List())
        {
            if (NumbersOf(route, traffic, before, now) is { } window)
                routes[ObjectKey.Of(route)] = window;
            if (PolicyReport.Worst(now.Routers.Values.Select(router => router.Policies.GetValueOrDefault(RouterLabel(route))).OfType<PolicyReport>()) is { } report)
                policies[ObjectKey.Of(route)] = report;
        }

        var held = now.Routers.Values.SelectMany(router => router.Held).GroupBy(pool => pool.Key)
            .ToImmutableDictionary(pool => pool.Key, pool => pool.Sum(router => router.Value));
        numbers.Swap(new(pools.ToImmutable(), routes.ToImmutable(), held, policies.ToImmutable()));
        Published?.Invoke();
        Wake();
    }

    private static RouteNumbers? NumbersOf(ModelRoute route, FleetTraffic? traffic, Round before, Round now)
    {
        // No router answered at all: there is nothing to show. The first answer alone makes no window: what is shown stays.
        if (traffic is null)
            return now.Routers.Count == 0 ? new() : null;
        var sameNamespace = route.Metadata.NamespaceProperty + "/";
        double TokensOf(string pool) => traffic.Rows
            .Where(row => row.Key.Variant == pool && row.Key.Route.StartsWith(sameNamespace, StringComparison.Ordinal))
            .Sum(row => row.Value.Tokens);
        return RouteWindow.Numbers(
            traffic,
            RouterLabel(route),
            [.. route.Spec.Variants.Select(variant => variant.Pool)],
            pool => PoolWindow.Joules(before.Pool(FleetCaches.Key(route, pool)), now.Pool(FleetCaches.Key(route, pool))),
            TokensOf);
    }

    /// <summary>The value of a router's route label for a route.</summary>
    internal static string RouterLabel(ModelRoute route) => $"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}";

    private void Wake()
    {
        foreach (var pool in caches.Pools.List())
        {
            var key = ObjectKey.Of(pool);
            if (PoolStatusPlanner.WouldShowAnew(pool.Status, numbers.OfPool(key)))
                PoolMoved?.Invoke(key);
        }

        foreach (var route in caches.Routes.List())
        {
            var key = ObjectKey.Of(route);
            if (RouteStatusPlanner.WouldShowAnew(route.Status, numbers.OfRoute(key), numbers.PolicyOf(key)))
                RouteMoved?.Invoke(key);
        }
    }

    /// <summary>One round of scrapes.</summary>
    private sealed record Round(
        IReadOnlyDictionary<ObjectKey, IReadOnlyDictionary<string, PodSample>> Pools, IReadOnlyDictionary<string, RouterSample> Routers)
    {
        private static readonly Dictionary<string, PodSample> NoPods = [];

        public static readonly Round Empty = new(new Dictionary<ObjectKey, IReadOnlyDictionary<string, PodSample>>(), new Dictionary<string, RouterSample>());

        public IReadOnlyDictionary<string, PodSample> Pool(ObjectKey key) => Pools.GetValueOrDefault(key) ?? NoPods;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A round of scrapes took longer than {Interval}; the pods that are missing count as silent.")]
        public static partial void RoundTooLong(ILogger logger, TimeSpan interval);
    }
}
