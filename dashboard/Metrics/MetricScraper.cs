using System.Collections.Concurrent;
using System.Collections.Immutable;
using k8s.Models;
using Ops.Api;
using Ops.Kube;

namespace Ops.Dashboard.Metrics;

/// <summary>Reads /metrics of routers, operators, model servers and annotated services in rounds, with this process's own rights: it lists pods and nothing else.</summary>
internal sealed partial class MetricScraper(KubeClient client, MetricStore store, DashboardOptions options, TimeProvider time, ILoggerFactory logs) : BackgroundService
{
    // A dead pod costs 2 s, a healthy one about 10 ms: a round of 2 s has room for 16 dead pods or 3,000 healthy ones.
    private const int Parallel = 16;

    private readonly ILogger logger = logs.CreateLogger<MetricScraper>();
    private readonly ResourceCache<V1Pod> pods = new(client, new() { FieldSelector = "status.phase=Running", KeepManagers = [] }, logs);
    private volatile ImmutableDictionary<ObjectKey, PodReading> newest = ImmutableDictionary<ObjectKey, PodReading>.Empty;

    /// <summary>Why there are no figures, one sentence; null while there are.</summary>
    public string? Trouble => pods.Trouble;

    /// <summary>Whether the pods to read are known.</summary>
    public bool IsReady => pods.HasSynced;

    /// <summary>Routers that answered in the last round.</summary>
    public int AnsweringRouters { get; private set; }

    /// <summary>The control plane's own routers that run; a pod elsewhere with their label is none.</summary>
    public IEnumerable<V1Pod> Routers => pods.List().Where(pod =>
        pod.Metadata.NamespaceProperty == WellKnown.SystemNamespace && pod.Metadata.Labels is { } labels && labels.TryGetValue(Labels.Component, out var component) && component == Labels.Router);

    /// <summary>What a model server's pod said in the last round, or null.</summary>
    public PodReading? Of(V1Pod pod) => newest.GetValueOrDefault(ObjectKey.Of(pod));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var watching = pods.RunAsync(stoppingToken);
        await pods.WaitForSyncAsync(stoppingToken);
        using var reader = new MetricsReader();
        using var timer = new PeriodicTimer(options.ScrapeInterval, time);
        ScrapeRound? before = null;
        do
        {
            var round = await TakeAsync(reader, stoppingToken);
            store.Write(round.At, round.Figures(before));
            newest = round.Pods.ToImmutableDictionary(
                pod => pod.Value.Pod,
                pod => pod.Value.Reading.After(before?.Pods.GetValueOrDefault(pod.Key).Reading, before is null ? default : round.At - before.At));
            AnsweringRouters = round.Routers.Count;
            before = round;
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
        await watching;
    }

    private async Task<ScrapeRound> TakeAsync(MetricsReader reader, CancellationToken cancellation)
    {
        var models = new ConcurrentDictionary<string, (ObjectKey, ObjectKey, PodReading)>();
        var routers = new ConcurrentDictionary<string, RouterReading>();
        var services = new ConcurrentDictionary<string, (string, ServiceReading)>();
        var stores = new ConcurrentDictionary<string, StoreReading>();
        var at = time.GetUtcNow();
        using var limit = new CancellationTokenSource(options.ScrapeInterval * 2, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            await System.Threading.Tasks.Parallel.ForEachAsync(
                pods.List(), new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = either.Token }, async (pod, token) =>
                {
                    if (MetricsPage.Of(pod) is not { } address || await reader.ReadAsync(address, token) is not { } page)
                        return;
                    var labels = pod.Metadata.Labels ?? new Dictionary<string, string>();
                    if (labels.TryGetValue(Labels.Pool, out var pool))
                        models[pod.Metadata.Uid] = (ObjectKey.Of(pod), new ObjectKey(pod.Metadata.NamespaceProperty, pool), PodReading.Read(page));
                    else if (labels.TryGetValue(Labels.Component, out var component) && component == Labels.Router)
                        routers[pod.Metadata.Uid] = RouterReading.Read(page);
                    else if (MetricsPage.IsOperator(pod))
                        stores[pod.Metadata.Uid] = StoreReading.Read(page);
                    else
                        services[pod.Metadata.Uid] = (Workload.Of(pod), ServiceReading.Read(page));
                });
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Log.RoundTooLong(logger, options.ScrapeInterval * 2);
        }

        return new ScrapeRound(at, models, routers, services) { Stores = stores };
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A round of readings took longer than {Limit}; the pods that are missing show a gap.")]
        public static partial void RoundTooLong(ILogger logger, TimeSpan limit);
    }
}
