using Prometheus;

namespace Ops.Router;

/// <summary>
/// The router's figures under the names of the Gateway API inference extension (its endpoint picker's metrics), so that
/// dashboards made for it work. model_name is what clients send, target_model_name the pool's model. What the router
/// counts already is taken from there when somebody reads; only distributions cost something on each request.
/// </summary>
internal sealed class InferenceMetrics
{
    private static readonly string[] ByModel = ["model_name", "target_model_name"];
    private static readonly double[] Seconds = [.005, .025, .05, .1, .2, .4, .6, .8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 120, 180, 240, 300, 600, 1800, 3600];
    private static readonly double[] SecondsByToken = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10];

    private readonly Counter _requests;
    private readonly Counter _errors;
    private readonly Gauge _running;
    private readonly Histogram _duration;
    private readonly Histogram _requestSizes;
    private readonly Histogram _responseSizes;
    private readonly Histogram _inputTokens;
    private readonly Histogram _outputTokens;
    private readonly Histogram _secondsByToken;
    private readonly Gauge _cacheUse;
    private readonly Gauge _queue;
    private readonly Gauge _readyPods;
    private readonly Gauge _podQueue;
    private HashSet<(string Pool, string Pod)> _pods = [];
    private HashSet<string> _pools = [];

    internal InferenceMetrics(MetricFactory factory)
    {
        _requests = factory.CreateCounter("inference_objective_request_total", "Requests that were sent to a model.", ByModel);
        _errors = factory.CreateCounter("inference_objective_request_error_total", "Requests that got an error instead of an answer, by the error's code; without a target where no replica was chosen.", "model_name", "target_model_name", "error_code");
        _running = factory.CreateGauge("inference_objective_running_requests", "Requests at a replica now.", "model_name");
        _duration = Distribution(factory, "request_duration_seconds", "Answered requests: from arrival to the last byte.", Seconds);
        _requestSizes = Distribution(factory, "request_sizes", "Answered requests: bytes of the body.", Powers(64, 20));
        _responseSizes = Distribution(factory, "response_sizes", "Answered requests: bytes of the answer.", Powers(1, 20));
        _inputTokens = Distribution(factory, "input_tokens", "Answered requests: prompt tokens.", Powers(1, 20));
        _outputTokens = Distribution(factory, "output_tokens", "Answered requests: generated tokens.", Powers(1, 14));
        _secondsByToken = Distribution(factory, "normalized_time_per_output_token_seconds", "Answered requests: duration by generated token.", SecondsByToken);
        _cacheUse = factory.CreateGauge("inference_pool_average_kv_cache_utilization", "Mean share of the KV cache in use over a pool's replicas.", "name");
        _queue = factory.CreateGauge("inference_pool_average_queue_size", "Mean number of requests in the engines' queues over a pool's replicas.", "name");
        _readyPods = factory.CreateGauge("inference_pool_ready_pods", "Ready replicas of a pool.", "name");
        _podQueue = factory.CreateGauge("inference_pool_per_pod_queue_size", "Requests in the queue of one replica's engine.", "name", "model_server_pod");
    }

    /// <summary>The distributions of a route's variant, looked up once.</summary>
    internal InferenceSeries Of(string model, string target) => new()
    {
        Duration = _duration.WithLabels(model, target),
        RequestSizes = _requestSizes.WithLabels(model, target),
        ResponseSizes = _responseSizes.WithLabels(model, target),
        InputTokens = _inputTokens.WithLabels(model, target),
        OutputTokens = _outputTokens.WithLabels(model, target),
        SecondsByToken = _secondsByToken.WithLabels(model, target),
    };

    internal void Error(string model, string target, string code) => _errors.WithLabels(model, target, code).Inc();

    /// <summary>Forgets a variant that left the configuration.</summary>
    internal void Forget(string model, string target)
    {
        foreach (var family in (Histogram[])[_duration, _requestSizes, _responseSizes, _inputTokens, _outputTokens, _secondsByToken])
            family.RemoveLabelled(model, target);
        _requests.RemoveLabelled(model, target);
        _running.RemoveLabelled(model);
        foreach (var labels in _errors.GetAllLabelValues().Where(labels => labels[0] == model).ToList())
            _errors.RemoveLabelled(labels);
    }

    /// <summary>Takes over what is counted elsewhere; called before each reading, one at a time.</summary>
    internal void Refresh(LiveTable table)
    {
        foreach (var route in table.Routes)
        {
            foreach (var variant in route.Variants)
                _requests.WithLabels(route.Config.Model, variant.Config.Model).IncTo(variant.Metrics.Answered.Value + variant.Metrics.Failed.Value + variant.Metrics.Cancelled.Value);
            _running.WithLabels(route.Config.Model).Set(route.Variants.Sum(v => v.Metrics.InFlight.Value));
        }

        RefreshPools(table);
    }

    private void RefreshPools(LiveTable table)
    {
        var pools = new HashSet<string>(StringComparer.Ordinal);
        var pods = new HashSet<(string, string)>();
        foreach (var variant in table.Routes.SelectMany(r => r.Variants))
        {
            var pool = variant.Config.Pool;
            if (!pools.Add(pool))
                continue;
            var figures = variant.Replicas.Select(r => (r.Name, r.Figures)).Where(r => r.Figures is not null).ToList();
            _readyPods.WithLabels(pool).Set(variant.Replicas.Length);
            _cacheUse.WithLabels(pool).Set(figures.Select(r => r.Figures!.KvCacheUsage).DefaultIfEmpty().Average());
            _queue.WithLabels(pool).Set(figures.Select(r => (double)r.Figures!.Waiting).DefaultIfEmpty().Average());
            foreach (var (name, figure) in figures)
            {
                pods.Add((pool, name));
                _podQueue.WithLabels(pool, name).Set(figure!.Waiting);
            }
        }

        foreach (var (pool, pod) in _pods.Except(pods))
            _podQueue.RemoveLabelled(pool, pod);
        foreach (var pool in _pools.Except(pools))
        {
            foreach (var family in (Gauge[])[_cacheUse, _queue, _readyPods])
                family.RemoveLabelled(pool);
        }

        (_pools, _pods) = (pools, pods);
    }

    private static Histogram Distribution(MetricFactory factory, string name, string help, double[] buckets) =>
        factory.CreateHistogram("inference_objective_" + name, help, ByModel, new HistogramConfiguration { Buckets = buckets });

    private static double[] Powers(double first, int count) => Histogram.ExponentialBuckets(first, 2, count);
}

/// <summary>The distributions of one variant of a route.</summary>
internal sealed class InferenceSeries
{
    public required Histogram.Child Duration { get; init; }

    public required Histogram.Child RequestSizes { get; init; }

    public required Histogram.Child ResponseSizes { get; init; }

    public required Histogram.Child InputTokens { get; init; }

    public required Histogram.Child OutputTokens { get; init; }

    public required Histogram.Child SecondsByToken { get; init; }

    /// <summary>Takes an answer in.</summary>
    internal void Observe(double seconds, int requestBytes, long responseBytes, int inputTokens, int outputTokens)
    {
        Duration.Observe(seconds);
        RequestSizes.Observe(requestBytes);
        ResponseSizes.Observe(responseBytes);
        InputTokens.Observe(inputTokens);
        if (outputTokens == 0)
            return;
        OutputTokens.Observe(outputTokens);
        SecondsByToken.Observe(seconds / outputTokens);
    }
}
