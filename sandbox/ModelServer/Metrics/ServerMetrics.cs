using System.Text;
using Ops.Sandbox.ModelServer.Engine;

namespace Ops.Sandbox.ModelServer.Metrics;

/// <summary>
/// Metrics under vLLM's current names, labels and buckets, and the simulated GPU beside them. All carry simulated="true".
/// What the simulation does not have (prefix cache, preemption, adapters) is not exported, rather than exported as zero; of the
/// prefix cache it says that there is none, because routers expect one of vLLM.
/// </summary>
internal sealed class ServerMetrics
{
    // vLLM's block by default.
    private const int BlockTokens = 16;

    private static readonly double[] FirstTokenBuckets =
        [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560];

    private static readonly double[] TokenBuckets =
        [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];

    private static readonly double[] RequestBuckets =
        [.3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

    private static readonly double[] CountBuckets =
        [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

    private static readonly double[] IterationBuckets = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];

    private readonly Lock _gate = new();
    private readonly string _labels;
    private readonly List<MetricFamily> _all = [];
    private readonly ScalarMetric _running, _waiting, _cache, _prompt, _generation, _watts, _joules, _clock, _limit, _lag;
    private readonly LabelledMetric _finished;
    private readonly LabelledMetric _sleep;
    private readonly HistogramMetric _firstToken, _interToken, _perToken, _endToEnd, _queue, _inference, _prefill, _decode;
    private readonly HistogramMetric _promptLength, _answerLength, _iteration;
    private Action _read = () => { };

    public ServerMetrics(string model)
    {
        _labels = $"model_name=\"{model.Replace("\\", "\\\\").Replace("\"", "\\\"")}\",engine=\"0\",simulated=\"true\"";
        _running = Gauge("vllm:num_requests_running", "Number of requests in model execution batches.");
        _waiting = Gauge("vllm:num_requests_waiting", "Number of requests waiting to be processed.");
        _cache = Gauge("vllm:kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.");
        _prompt = Counter("vllm:prompt_tokens_total", "Number of prefill tokens processed.");
        _generation = Counter("vllm:generation_tokens_total", "Number of generation tokens processed.");
        // In the order of FinishReason, less its first member.
        _finished = Add(new LabelledMetric(
            "vllm:request_success_total", "counter", "Count of successfully processed requests.", "finished_reason", ["stop", "length", "abort"]));
        _sleep = Add(new LabelledMetric(
            "vllm:engine_sleep_state", "gauge", "Engine sleep state; awake = 1 means engine is awake; weights_offloaded = 1 means sleep level 1.", "sleep_state", ["awake", "weights_offloaded", "discard_all"]));
        _sleep[0] = 1;
        _firstToken = Histogram("vllm:time_to_first_token_seconds", "Histogram of time to first token in seconds.", FirstTokenBuckets);
        _interToken = Histogram("vllm:inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", TokenBuckets);
        _perToken = Histogram("vllm:request_time_per_output_token_seconds", "Histogram of time_per_output_token_seconds per request.", TokenBuckets);
        _endToEnd = Histogram("vllm:e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", RequestBuckets);
        _queue = Histogram("vllm:request_queue_time_seconds", "Histogram of time spent in WAITING phase for request.", RequestBuckets);
        _inference = Histogram("vllm:request_inference_time_seconds", "Histogram of time spent in RUNNING phase for request.", RequestBuckets);
        _prefill = Histogram("vllm:request_prefill_time_seconds", "Histogram of time spent in PREFILL phase for request.", RequestBuckets);
        _decode = Histogram("vllm:request_decode_time_seconds", "Histogram of time spent in DECODE phase for request.", RequestBuckets);
        _promptLength = Histogram("vllm:request_prompt_tokens", "Number of prefill tokens processed.", CountBuckets);
        _answerLength = Histogram("vllm:request_generation_tokens", "Number of generation tokens processed.", CountBuckets);
        _iteration = Histogram("vllm:iteration_tokens_total", "Histogram of number of tokens per engine_step.", IterationBuckets);
        _watts = Gauge("ops_gpu_power_watts", "Simulated power of all GPUs of this replica.");
        _joules = Counter("ops_gpu_energy_joules_total", "Simulated energy of all GPUs of this replica, idle included.");
        _clock = Gauge("ops_gpu_clock_mhz", "Simulated SM clock while decoding.");
        _limit = Gauge("ops_gpu_power_limit_watts", "Simulated power limit of each GPU.");
        _lag = Gauge("ops_simulated_lag_seconds", "How far the simulation is behind its own clock; much more than a few milliseconds means that the host is short of processor.");
    }

    /// <summary>Gauges are read from the engine when somebody asks, not kept up to date in every step.</summary>
    public void BeforeCollect(Action read) => _read = read;

    /// <summary>Says how large the cache is, and that no prompt in it serves a later one.</summary>
    public void Cache(int tokens) => Add(new InfoMetric(
        "vllm:cache_config_info", "Information of the LLMEngine CacheConfig", FormattableString.Invariant($"block_size=\"{BlockTokens}\",enable_prefix_caching=\"False\",num_gpu_blocks=\"{tokens / BlockTokens}\"")));

    /// <summary>All metrics in the text exposition format.</summary>
    public string Text()
    {
        _read();
        // 11 histograms of about 20 lines of 120 bytes, and as much again for the rest.
        var text = new StringBuilder(64 * 1024);
        lock (_gate)
        {
            foreach (var family in _all)
                family.Write(text, _labels);
        }
        return text.ToString();
    }

    public void Gauges(int running, int waiting, double cache, double watts, double joules, double clockMHz, double limitWatts, double lag, bool asleep)
    {
        lock (_gate)
        {
            _running.Value = running;
            _waiting.Value = waiting;
            _cache.Value = cache;
            _watts.Value = watts;
            _joules.Value = Math.Max(_joules.Value, joules);
            _clock.Value = clockMHz;
            _limit.Value = limitWatts;
            _lag.Value = Math.Max(0, lag);
            (_sleep[0], _sleep[1]) = asleep ? (0, 1) : (1, 0);
        }
    }

    /// <summary>Every decoding sequence waited for this one step, so they share one inter-token latency.</summary>
    public void Step(in StepPlan plan, int tokens)
    {
        lock (_gate)
        {
            _prompt.Value += plan.PromptTokens;
            _generation.Value += tokens;
            _iteration.Observe(plan.PromptTokens + plan.Decoding);
            if (plan.Decoding > 0)
                _interToken.Observe(plan.Cost.Seconds, plan.Decoding);
        }
    }

    public void FirstToken(Sequence sequence, double now)
    {
        lock (_gate)
            _firstToken.Observe(Math.Max(0, now - sequence.Arrival));
    }

    public void Finished(Sequence sequence, FinishReason reason, double now)
    {
        lock (_gate)
        {
            _finished[(int)reason - 1]++;
            if (sequence.Generated == 0)
                return;
            _endToEnd.Observe(Math.Max(0, now - sequence.Arrival));
            _queue.Observe(Math.Max(0, sequence.Scheduled - sequence.Arrival));
            _inference.Observe(now - sequence.Scheduled);
            _prefill.Observe(sequence.FirstToken - sequence.Scheduled);
            _decode.Observe(now - sequence.FirstToken);
            _promptLength.Observe(sequence.PromptTokens);
            _answerLength.Observe(sequence.Generated);
            if (sequence.Generated > 1)
                _perToken.Observe((now - sequence.FirstToken) / (sequence.Generated - 1));
        }
    }

    private ScalarMetric Gauge(string name, string help) => Add(new ScalarMetric(name, "gauge", help));

    private ScalarMetric Counter(string name, string help) => Add(new ScalarMetric(name, "counter", help));

    private HistogramMetric Histogram(string name, string help, double[] bounds) => Add(new HistogramMetric(name, help, bounds));

    private T Add<T>(T family) where T : MetricFamily
    {
        _all.Add(family);
        return family;
    }
}
