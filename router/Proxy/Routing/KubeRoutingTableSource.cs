using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Kube;

namespace Ops.Router;

/// <summary>Keeps the routing table current from the cluster: ModelRoute, ModelPool, EndpointSlice, the Secrets with keys and the ConfigMaps with learned policies.</summary>
internal sealed partial class KubeRoutingTableSource : BackgroundService, IRoutingTableSource
{
    // A rollout changes many endpoints at once; waiting this long makes one table of them, and nobody notices 50 ms.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);

    private readonly ResourceCache<ModelRoute> _routes;
    private readonly ResourceCache<ModelPool> _pools;
    private readonly ResourceCache<V1EndpointSlice> _slices;
    private readonly ResourceCache<V1Secret> _secrets;
    private readonly ResourceCache<V1ConfigMap> _policies;
    private readonly IResourceCache[] _all;
    private readonly TimeProvider _time;
    private readonly ILogger<KubeRoutingTableSource> _logger;
    private readonly SemaphoreSlim _changes = new(0, 1);
    private volatile RoutingTable _current = RoutingTable.Empty;
    private volatile bool _loaded;
    private HashSet<string> _knownProblems = [];

    public KubeRoutingTableSource(KubeClient client, RouterOptions options, TimeProvider time, ILoggerFactory logs)
    {
        _time = time;
        _logger = logs.CreateLogger<KubeRoutingTableSource>();
        _routes = Cache<ModelRoute>(client, new(), logs);
        _pools = Cache<ModelPool>(client, new(), logs);
        _slices = Cache<V1EndpointSlice>(client, new() { LabelSelector = Labels.ServiceName, OlderVersion = "v1beta1" }, logs);
        _secrets = Cache<V1Secret>(client, new() { Namespace = options.Namespace, LabelSelector = $"{Labels.ApiKeys}=true" }, logs);
        _policies = Cache<V1ConfigMap>(client, new() { Namespace = options.Namespace, LabelSelector = $"{Labels.LearnedPolicy}=true" }, logs);
        _all = [_routes, _pools, _slices, _secrets, _policies];
    }

    public event Action? Changed;

    public RoutingTable Current => _current;

    public string? NotReadyReason
    {
        get
        {
            if (_loaded)
                return null;
            var missing = new List<string>();
            Missing(missing, _routes);
            Missing(missing, _pools);
            Missing(missing, _slices);
            Missing(missing, _secrets);
            Missing(missing, _policies);
            return $"Waiting for the cluster's {string.Join(", ", missing)}";
        }
    }

    public override void Dispose()
    {
        _changes.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var caches = Task.WhenAll(_all.Select(c => c.RunAsync(stoppingToken)));
        try
        {
            await Task.WhenAll(_all.Select(c => c.WaitForSyncAsync(stoppingToken)));
            while (true)
            {
                Publish();
                await _changes.WaitAsync(stoppingToken);
                await Task.Delay(Gather, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }

        await caches.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private ResourceCache<T> Cache<T>(KubeClient client, ResourceCacheOptions options, ILoggerFactory logs)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var cache = new ResourceCache<T>(client, options, logs);
        cache.Changed += _ => OnChange();
        return cache;
    }

    private void OnChange()
    {
        try
        {
            if (_changes.CurrentCount == 0)
                _changes.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another cache said so in the same moment; one note is enough.
        }
    }

    private void Publish()
    {
        var table = RoutingTableBuilder.Build(_routes.List(), _pools.List(), _slices.List(), _secrets.List(), _policies.List(), out var problems);
        _current = table;
        Changed?.Invoke();
        var first = !_loaded;
        // Only now is it in force; whoever asks /readyz may ask for a model next.
        _loaded = true;
        if (first)
            Log.Loaded(_logger, table.Routes.Length, table.Keys.Count);
        foreach (var problem in problems.Where(p => !_knownProblems.Contains(p)))
            Log.Problem(_logger, problem);
        _knownProblems = [.. problems];
    }

    private static void Missing<T>(List<string> missing, ResourceCache<T> cache)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (!cache.HasSynced)
            missing.Add(cache.Trouble is { } trouble ? $"{typeof(T).Name} ({trouble})" : typeof(T).Name);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Configuration loaded: {Routes} routes, {Keys} API keys")]
        public static partial void Loaded(ILogger logger, int routes, int keys);

        [LoggerMessage(2, LogLevel.Warning, "{Problem}")]
        public static partial void Problem(ILogger logger, string problem);
    }
}
