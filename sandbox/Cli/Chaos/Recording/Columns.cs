using Ops.Sandbox.ShopPlan;

namespace Ops.Cli.Chaos.Recording;

/// <summary>Two scrapes of every service, about a second apart; what happened in between is one row.</summary>
/// <param name="Before">By service.</param>
/// <param name="After">By service.</param>
/// <param name="Seconds">Between them.</param>
internal sealed record Interval(IReadOnlyDictionary<string, Scrape> Before, IReadOnlyDictionary<string, Scrape> After, double Seconds)
{
    /// <summary>How much a counter of a service grew.</summary>
    public double Growth(string service, string name, string labels = "") => Math.Max(0, After[service].Sum(name, labels) - Before[service].Sum(name, labels));

    /// <summary>The same by second.</summary>
    public double Rate(string service, string name, string labels = "") => Growth(service, name, labels) / Seconds;

    /// <summary>A gauge of a service.</summary>
    public double Gauge(string service, string name) => After[service].Sum(name);

    /// <summary>Mean milliseconds of a histogram's or a pair of counters' events; not a number where there was none.</summary>
    public double MeanMilliseconds(string service, string sum, string count, string labels = "") =>
        1000 * Growth(service, sum, labels) / (Growth(service, count, labels) is > 0 and var events ? events : double.NaN);
}

/// <summary>One column of a recording: service_metric, and how it comes out of an interval.</summary>
internal sealed record Column(string Service, string Metric, Func<Interval, double> Read)
{
    /// <summary>The column's name.</summary>
    public string Name => $"{Service}_{Metric}";
}

/// <summary>Every column of a recording of the shop.</summary>
internal static class Columns
{
    private const string Server = "http_server_request_duration_seconds";
    private const string Client = "http_client_request_duration_seconds";

    /// <summary>The columns, by service and then by call.</summary>
    public static IReadOnlyList<Column> All { get; } =
        [.. Shop.Services.SelectMany(Of), .. OfLoad(), .. Shop.Calls.SelectMany(call => Of(call.Caller, call.Callee))];

    private static IEnumerable<Column> Of(ServicePlan plan)
    {
        var name = plan.Name;
        yield return new(name, "requests", interval => interval.Rate(name, Server + "_count"));
        yield return new(name, "errors", interval => Errors(interval, name, Server));
        yield return new(name, "latency", interval => interval.MeanMilliseconds(name, Server + "_sum", Server + "_count"));
        foreach (var column in OfProcess(name))
            yield return column;
        yield return new(name, "in-flight", interval => interval.Gauge(name, "http_server_active_requests"));
        yield return new(name, "queue", interval => interval.Gauge(name, "shop_queue_length"));
        if (plan.Has<Locked>())
            yield return new(name, "lock-wait", interval => interval.Rate(name, "shop_lock_wait_seconds_total"));
        if (plan.Has<Cached>())
            yield return new(name, "cache-hits", interval => Share(interval.Growth(name, "shop_cache_hits_total"), interval.Growth(name, "shop_cache_misses_total")));
        if (plan.Has<Write>())
            yield return new(name, "disk-write", interval => interval.MeanMilliseconds(name, "shop_disk_write_seconds_total", "shop_disk_writes_total"));
        if (plan.Job is not null)
            yield return new(name, "job-runs", interval => interval.Rate(name, "shop_job_runs_total"));
        if (plan.Callees.Count == 0)
            yield break;
        yield return new(name, "retries", interval => interval.Rate(name, "shop_client_retries_total"));
        yield return new(name, "pool-used", interval => interval.Gauge(name, "shop_pool_used"));
        yield return new(name, "pool-wait", interval => interval.Rate(name, "shop_pool_wait_seconds_total"));
    }

    private static IEnumerable<Column> OfLoad() =>
    [
        new(Shop.Load, "users", interval => interval.Gauge(Shop.Load, "shop_users")),
        new(Shop.Load, "errors", interval => Errors(interval, Shop.Load, Client)),
        .. OfProcess(Shop.Load),
    ];

    private static IEnumerable<Column> OfProcess(string name) =>
    [
        new(name, "cpu", interval => interval.Rate(name, "process_cpu_seconds_total")),
        new(name, "mem", interval => interval.Gauge(name, "process_resident_memory_bytes") / 1e6),
    ];

    // The caller's side of a call, and the gap to the callee's side, which is kept with the callee.
    private static IEnumerable<Column> Of(string caller, string callee)
    {
        yield return new(caller, $"to-{callee}-latency", CallerSide);
        yield return new(callee, $"gap-from-{caller}", interval => CallerSide(interval) - interval.MeanMilliseconds(callee, Server + "_sum", Server + "_count", $"caller=\"{caller}\""));

        double CallerSide(Interval interval) => interval.MeanMilliseconds(caller, Client + "_sum", Client + "_count", $"server_address=\"{callee}\"");
    }

    private static double Errors(Interval interval, string service, string histogram) =>
        interval.Rate(service, histogram + "_count") - interval.Rate(service, histogram + "_count", "http_response_status_code=\"200\"");

    private static double Share(double hits, double misses) => hits + misses > 0 ? hits / (hits + misses) : double.NaN;
}
