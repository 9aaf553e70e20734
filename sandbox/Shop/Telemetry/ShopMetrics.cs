using System.Diagnostics;
using Ops.Sandbox.Shop.Running;
using Prometheus;

namespace Ops.Sandbox.Shop.Telemetry;

/// <summary>
/// What a service says about itself at /metrics. Names of requests and of the process are the usual ones
/// (OpenTelemetry's in Prometheus' form); label values are names of services and status codes, so the series are bounded.
/// </summary>
internal sealed class ShopMetrics
{
    // 1 ms to 5 s: a call between two services takes some milliseconds, and is given up after two seconds.
    // Bounds at 200 and 300 ms, where the shop's latency goals are: between 100 and 250 ms a quantile would be a guess.
    private static readonly double[] Buckets = [.001, .0025, .005, .01, .025, .05, .1, .15, .2, .3, .5, 1, 2.5, 5];

    private readonly Histogram server;
    private readonly Histogram client;
    private readonly Counter retries;
    private readonly Counter poolWait;
    private readonly Gauge poolUsed;
    private readonly Gauge poolSize;
    private readonly Gauge poolWaiting;
    private readonly Gauge active;
    private readonly Gauge queue;
    private readonly Gauge workers;
    private readonly Gauge entries;
    private readonly MetricFactory factory;

    public ShopMetrics()
    {
        Registry = Metrics.NewCustomRegistry();
        factory = Metrics.WithCustomRegistry(Registry);
        server = factory.CreateHistogram("http_server_request_duration_seconds", "Requests answered, by caller and status; waiting for a worker counts.", ["caller", "http_response_status_code"], new HistogramConfiguration { Buckets = Buckets });
        client = factory.CreateHistogram("http_client_request_duration_seconds", "Attempts of calls, by callee and status (502 no connection, 503 refused, 504 given up); waiting for a pooled connection does not count.", ["server_address", "http_response_status_code"], new HistogramConfiguration { Buckets = Buckets });
        retries = factory.CreateCounter("shop_client_retries_total", "Attempts beyond the first, by callee.", "server_address");
        poolWait = factory.CreateCounter("shop_pool_wait_seconds_total", "Time spent waiting for a pooled connection, by callee.", "server_address");
        poolUsed = factory.CreateGauge("shop_pool_used", "Pooled connections in use, by callee.", "server_address");
        poolSize = factory.CreateGauge("shop_pool_size", "Pooled connections there are, by callee.", "server_address");
        poolWaiting = factory.CreateGauge("shop_pool_waiting", "Calls that wait for a pooled connection, by callee.", "server_address");
        active = factory.CreateGauge("http_server_active_requests", "Requests that a worker is at.");
        queue = factory.CreateGauge("shop_queue_length", "Requests that wait for a worker.");
        workers = factory.CreateGauge("shop_workers", "Requests that can be worked on at a time.");
        entries = factory.CreateGauge("shop_cache_entries", "Entries of the service's own cache.");
        CacheHits = factory.CreateCounter("shop_cache_hits_total", "Values that the service's own cache had.");
        CacheMisses = factory.CreateCounter("shop_cache_misses_total", "Values that it did not have.");
        LockWait = factory.CreateCounter("shop_lock_wait_seconds_total", "Time spent waiting for the service's lock.");
        DiskSeconds = factory.CreateCounter("shop_disk_write_seconds_total", "Time until writes were on the device, waiting for other writers included.");
        DiskWrites = factory.CreateCounter("shop_disk_writes_total", "Writes flushed to the device.");
        DiskBytes = factory.CreateCounter("shop_disk_written_bytes_total", "Bytes flushed to the device.");
        JobRuns = factory.CreateCounter("shop_job_runs_total", "Runs of the service's own job.");
        Users = factory.CreateGauge("shop_users", "Users that the load generator plays.");
        WatchProcess();
    }

    public CollectorRegistry Registry { get; }

    public Counter CacheHits { get; }

    public Counter CacheMisses { get; }

    public Counter LockWait { get; }

    public Counter DiskSeconds { get; }

    public Counter DiskWrites { get; }

    public Counter DiskBytes { get; }

    public Counter JobRuns { get; }

    public Gauge Users { get; }

    /// <summary>A request was answered.</summary>
    public void Answered(string caller, int status, TimeSpan took) => server.WithLabels(caller, Text(status)).Observe(took.TotalSeconds);

    /// <summary>The series of one callee.</summary>
    public EdgeMetrics EdgeTo(string callee) => new(
        retries.WithLabels(callee), poolWait.WithLabels(callee), (status, took) => client.WithLabels(callee, Text(status)).Observe(took.TotalSeconds));

    /// <summary>Reads a service's gauges whenever somebody asks.</summary>
    public void Watch(Service service)
    {
        workers.Set(service.Workers.Count);
        foreach (var callee in service.Callees.Values)
            poolSize.WithLabels(callee.Name).Set(callee.Pool.Size);
        Registry.AddBeforeCollectCallback(() =>
        {
            active.Set(service.Workers.Busy);
            queue.Set(service.Workers.Waiting);
            entries.Set(service.Cache.Count);
            foreach (var callee in service.Callees.Values)
            {
                poolUsed.WithLabels(callee.Name).Set(callee.Pool.Used);
                poolWaiting.WithLabels(callee.Name).Set(callee.Pool.Waiting);
            }
        });
    }

    private void WatchProcess()
    {
        var cpu = factory.CreateCounter("process_cpu_seconds_total", "Processor time of this process.");
        var memory = factory.CreateGauge("process_resident_memory_bytes", "Memory of this process that is in RAM.");
        var threads = factory.CreateGauge("process_threads", "Threads of the pool.");
        Registry.AddBeforeCollectCallback(() =>
        {
            cpu.IncTo(Environment.CpuUsage.TotalTime.TotalSeconds);
            memory.Set(Environment.WorkingSet);
            threads.Set(ThreadPool.ThreadCount);
        });
    }

    private static string Text(int status) => status switch { 200 => "200", 502 => "502", 503 => "503", 504 => "504", _ => status.ToString() };
}

/// <summary>The series of one callee, looked up once.</summary>
/// <param name="Retries">Attempts beyond the first.</param>
/// <param name="PoolWait">Seconds spent waiting for a connection.</param>
/// <param name="Took">Counts one attempt.</param>
internal sealed record EdgeMetrics(Counter.Child Retries, Counter.Child PoolWait, Action<int, TimeSpan> Took);
