using System.Net;

namespace Ops.Bench.Router;

/// <summary>
/// What the router costs beside what a team would put there instead: the same upstream and the same client for all, one
/// contender after the other in every round, medians over rounds. CPU time is the process's own, from the kernel, so
/// that busy neighbours on the same cores distort it less than latency; ratios are taken within a round for the same reason.
/// </summary>
internal sealed class RouterBench : IBench
{
    private const int ManyReplicas = 1_000;

    /// <inheritdoc/>
    public string Name => "router";

    /// <inheritdoc/>
    public string Summary => "The router beside bare YARP, nginx, haproxy and Portkey: CPU by request, latency, and the choice itself";

    /// <inheritdoc/>
    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("ops-bench-router-").FullName;
        try
        {
            await RunAsync(context, folder, cancellation);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(BenchContext context, string folder, CancellationToken cancellation)
    {
        ChoiceBench.Run(context);

        await using var peers = new Peers(folder);
        var direct = await peers.HelperAsync("direct", "direct", "upstream", $"{ManyReplicas}", cancellation);
        var upstream = direct.Address;
        var yarp = await peers.HelperAsync("yarp", "bare YARP", "yarp", $"http://{upstream}", cancellation);
        await using var router = await RouterUnderTest.StartAsync("Ops router", [upstream], Path.Combine(folder, "router"), new(), cancellation);
        var contenders = new List<Contender> { direct with { ProcessId = 0 }, yarp, router.Contender };
        await AddAsync(contenders, context, "nginx", "apt-get install nginx-light", () => peers.NginxAsync(upstream, cancellation));
        await AddAsync(contenders, context, "haproxy", "apt-get install haproxy", () => peers.HaproxyAsync(upstream, cancellation));
        await AddAsync(contenders, context, "portkey", "Node.js with npm, and a registry that has @portkey-ai/gateway", () => peers.PortkeyAsync(upstream, context.Say, cancellation));

        var failed = 0;
        foreach (var load in LoadCase.All)
            failed += await MeasureAsync(context, load, contenders, cancellation);
        await FairnessBench.RunAsync(context, folder, cancellation);
        failed += await ManyReplicasAsync(context, yarp, upstream.Port, folder, cancellation);
        if (!context.Quick || context.Soak is not null)
            failed += await SoakBench.RunAsync(context, upstream.Port, folder, cancellation);
        context.Figures.Add("failed", failed, "", "requests to our router that were not answered with 200, all cases");
    }

    // A router of its own, whose reading of a thousand replicas' metrics is part of its CPU time.
    private static async Task<int> ManyReplicasAsync(BenchContext context, Contender yarp, int port, string folder, CancellationToken cancellation)
    {
        IPEndPoint[] replicas = [.. Enumerable.Range(0, ManyReplicas).Select(i => Wire.Replica(i, port))];
        await using var router = await RouterUnderTest.StartAsync($"Ops router, {ManyReplicas} replicas", replicas, Path.Combine(folder, "wide"), new(), cancellation);
        // This process is new, and each of its replicas costs a connection once: neither is what a request costs.
        await LoadCase.ManyReplicas.RunAsync(router.Contender, TimeSpan.FromSeconds(3), cancellation);
        var failed = await MeasureAsync(context, LoadCase.ManyReplicas, [yarp, router.Contender], cancellation);
        return failed + await HotConfigurationBench.RunAsync(context, router, replicas, cancellation);
    }

    private static async Task AddAsync(List<Contender> contenders, BenchContext context, string name, string remedy, Func<Task<Contender?>> start)
    {
        try
        {
            if (await start() is { } contender)
                contenders.Add(contender);
            else
                context.Say($"{name} is not here, so its figures are absent; it needs: {remedy}");
        }
        catch (BenchCannotRunException e)
        {
            context.Say($"{name} does not run here, so its figures are absent: {e.Message}");
        }
    }

    private static async Task<int> MeasureAsync(BenchContext context, LoadCase load, List<Contender> all, CancellationToken cancellation)
    {
        context.Say($"{load.Meaning}, {load.Connections} connections");
        var contenders = all.Where(c => c.Streams || load.PaceMs is null).ToList();
        // The p99 of a second and a half on shared cores says little by itself: the median of many does.
        var rounds = context.Quick ? 3 : 11;
        var length = TimeSpan.FromSeconds(context.Quick ? 0.25 : 1.5);
        // The first calls run in slow tiers of the compilers, ours and the peers'.
        foreach (var contender in contenders)
            await load.RunAsync(contender, length, cancellation);

        var samples = contenders.ToDictionary(c => c.Key, _ => new List<Sample>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var contender in contenders)
                samples[contender.Key].Add(await load.RunAsync(contender, length, cancellation));
        }

        Report(context.Figures, load, contenders, samples);
        return samples["ops"].Sum(s => s.Failed);
    }

    private static void Report(Figures figures, LoadCase load, List<Contender> contenders, Dictionary<string, List<Sample>> samples)
    {
        figures.Add($"cpu_ratio_{load.Key}", Ratio(samples["ops"], samples["yarp"], s => s.CpuMicroseconds), "x", $"CPU by request, ours / bare YARP: {load.Meaning}");
        if (load.ReportsP99)
            figures.Add($"p99_ratio_{load.Key}", Ratio(samples["ops"], samples["yarp"], s => s.P99Ms), "x", $"p99 of {load.Timed}, ours / bare YARP");
        if (load.Key == "small" && samples.TryGetValue("portkey", out var portkey))
            figures.Add("portkey_cpu_ratio", Ratio(portkey, samples["ops"], s => s.CpuMicroseconds), "x", "CPU by request, Portkey / ours: 1 KB JSON");
        foreach (var contender in contenders)
        {
            var own = samples[contender.Key];
            if (contender.ProcessId != 0)
                figures.Add($"cpu_us_{load.Key}_{contender.Key}", Median(own.Select(s => s.CpuMicroseconds)), "us", $"CPU by request, {contender.Label}");
            figures.Add($"p99_ms_{load.Key}_{contender.Key}", Median(own.Select(s => s.P99Ms)), "ms", $"p99 of {load.Timed}, {contender.Label}");
            if (contender.Key is not ("ops" or "direct") && own.Sum(s => s.Failed) is > 0 and var failed)
                figures.Add($"failed_{load.Key}_{contender.Key}", failed, "", $"requests that {contender.Label} did not answer with 200");
        }
    }

    private static double Ratio(List<Sample> of, List<Sample> to, Func<Sample, double> value) => Median(of.Zip(to, (a, b) => value(a) / value(b)));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Where(double.IsFinite).Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
