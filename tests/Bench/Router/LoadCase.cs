namespace Ops.Bench.Router;

/// <summary>One contender in one round of one case.</summary>
/// <param name="CpuMicroseconds">CPU time of the contender's process by answered request.</param>
/// <param name="P99Ms">99th percentile of what the case times.</param>
/// <param name="Failed">Requests without a whole answer of 200.</param>
internal sealed record Sample(double CpuMicroseconds, double P99Ms, int Failed);

/// <summary>A kind of load.</summary>
/// <param name="Key">Part of the figures' keys.</param>
/// <param name="Meaning">For people.</param>
/// <param name="BodyBytes">Size of a request's JSON.</param>
/// <param name="Connections">Closed loops at once.</param>
/// <param name="PaceMs">Milliseconds between a stream's chunks; null for one answer in one piece.</param>
/// <param name="ReportsP99">Whether p99 is compared with bare YARP's.</param>
internal sealed record LoadCase(string Key, string Meaning, int BodyBytes, int Connections, int? PaceMs, bool ReportsP99)
{
    /// <summary>Every case, in the order of the report.</summary>
    internal static readonly LoadCase[] All =
    [
        new("small", "1 KB JSON", 1_024, 20, null, true),
        // At this pace the chunks stay apart on the wire, as tokens do, and every hop handles each by itself.
        new("stream", $"stream of {Wire.Chunks} chunks, 2 ms apart", 1_024, 20, 2, true),
        new("220k_c20", "220 KB prompt", 220_000, 20, null, false),
        new("220k_c200", "220 KB prompt", 220_000, 200, null, false),
    ];

    /// <summary>The router has a thousand replicas to choose from, and reads the metrics of each once a second.</summary>
    internal static readonly LoadCase ManyReplicas = new("1000_replicas", "1 KB JSON, 1,000 replicas", 1_024, 20, null, true);

    /// <summary>What the latency of this case is.</summary>
    internal string Timed => PaceMs is null ? "request to last byte" : "a chunk's way from upstream to client";

    /// <summary>Runs it for the given time.</summary>
    internal async Task<Sample> RunAsync(Contender contender, TimeSpan duration, CancellationToken cancellation)
    {
        var request = Wire.Request(contender, BodyBytes, PaceMs);
        var before = Cpu(contender);
        var result = await LoadClient.RunAsync(contender, request, Connections, duration, cancellation);
        var microseconds = (Cpu(contender) - before) * 1e6 / result.Answered;
        return new Sample(microseconds, LoadResult.Quantile(PaceMs is null ? result.LatenciesMs : result.ChunkDelaysMs, 0.99), result.Failed);
    }

    private static double Cpu(Contender contender) => contender.ProcessId == 0 ? 0 : ProcessCpu.Seconds(contender.ProcessId);
}
