using System.Net;
using Ops.Api;
using Ops.Bench.Controller;

namespace Ops.Bench.Router;

/// <summary>Whether the router's memory stays level under many slow streams for a long time.</summary>
internal static class SoakBench
{
    // Each stream costs this process and the upstream a file descriptor, and the router two: 10,000 of its own.
    private const int Streams = 5_000;

    // 64 chunks take a minute, and 5,000 streams make 5,000 chunks a second.
    private const int PaceMs = 1_000;

    // All at once they would be a burst that admission rightly turns away in part; this is about memory.
    private static readonly TimeSpan Arrival = TimeSpan.FromSeconds(10);

    // Each works on 256 at once where nothing else is said, as vLLM does: room for 6,144.
    private const int Replicas = 24;

    // A stream takes a minute, which is the deadline of a route that says none.
    private static readonly ModelRouteSpec Route = new() { Objective = new() { HardDeadline = "120s" } };

    /// <summary>Adds the figure.</summary>
    /// <returns>Failed requests.</returns>
    internal static async Task<int> RunAsync(BenchContext context, int port, string folder, CancellationToken cancellation)
    {
        IPEndPoint[] replicas = [.. Enumerable.Range(0, Replicas).Select(i => Wire.Replica(i, port))];
        await using var ours = await RouterUnderTest.StartAsync($"Ops router, {Replicas} replicas", replicas, Path.Combine(folder, "soak"), Route, cancellation);
        var router = ours.Contender;
        var length = context.Soak ?? TimeSpan.FromMinutes(2);
        context.Say($"{Streams} streams at once for {length.TotalMinutes:0.#} minutes");
        var load = LoadClient.RunAsync(router, Wire.Request(router, 1_024, PaceMs), Streams, length, cancellation, Arrival);
        var resident = new List<double>();
        while (!load.IsCompleted)
        {
            resident.Add(ProcessUsage.ResidentMb(router.ProcessId));
            await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(1), cancellation));
        }

        // The first quarter is warm-up; the streams that still run when the time is up end within the last minute.
        var samples = resident.Take((int)length.TotalSeconds).ToList();
        var early = Mean(samples.Skip(samples.Count / 4).Take(samples.Count / 4));
        var late = Mean(samples.Skip(samples.Count * 3 / 4));
        context.Figures.Add("soak_rss_growth_pct", ((late / early) - 1) * 100, "%", $"router's resident memory, last quarter against second, {Streams} streams at once for {length.TotalMinutes:0.#} min (--soak MINUTES for longer)");
        context.Figures.Add("soak_rss_mb", late, "MiB", "router's resident memory in the last quarter");
        // Flat memory says nothing of a router that refuses what it should carry.
        var result = await load;
        context.Figures.Add("soak_answered", result.Answered, "", "streams of the soak that came whole");
        if (result.Failed > 0)
            context.Say($"failed: {result.Why}");
        context.Figures.Add("soak_failed", result.Failed, "", $"streams of the soak that did not; with many of them the memory above is not that of {Streams} streams");
        return result.Failed;
    }

    private static double Mean(IEnumerable<double> values) => values.DefaultIfEmpty(double.NaN).Average();
}
