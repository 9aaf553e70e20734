using Ops.Traces;

namespace Ops.Load;

/// <summary>What one replay does: which trace, against which router, how fast, and within which bounds.</summary>
public sealed record LoadOptions
{
    /// <summary>Base address of the OpenAI endpoint, for example <c>http://127.0.0.1:30080</c>.</summary>
    public required Uri Target { get; init; }

    /// <summary>Bearer key sent with every request; null sends none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Model name of the request body, that is the name of a ModelRoute. Default <c>chat</c>.</summary>
    public string Model { get; init; } = "chat";

    /// <summary>The arrivals and lengths to replay.</summary>
    public required Trace Trace { get; init; }

    /// <summary>Trace time passes this many times faster than the wall clock. Default 1; must be above 0.</summary>
    public double Speedup { get; init; } = 1;

    /// <summary>Wall-clock span of sending; arrivals that fall after it are not sent. Null sends the whole trace.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>Upper bound of requests sent, whatever the trace holds. Default 1,000,000.</summary>
    public int MaxRequests { get; init; } = 1_000_000;

    /// <summary>
    /// Upper bound of requests under way at once. The replay is open loop and never waits for an answer, so an arrival
    /// above this bound is counted as dropped and not sent. Default 4,096: each holds about 20 KB, so at most 80 MB.
    /// </summary>
    public int MaxConcurrent { get; init; } = 4_096;

    /// <summary>A request without its last token after this long has failed. Default 5 minutes.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The objective behind goodput.</summary>
    public LoadObjective Objective { get; init; } = new();

    /// <summary>
    /// Runs with different numbers send different text, so that no engine still holds a prompt of an earlier run. Default 0.
    /// </summary>
    public ulong PromptSalt { get; init; }

    /// <summary>Value of the <c>x-ops-task</c> header; null sends none.</summary>
    public string? Task { get; init; }

    /// <summary>Where the router's metrics are read for joules; null means <c>/metrics</c> under <see cref="Target"/>.</summary>
    public Uri? MetricsAddress { get; init; }

    /// <summary>
    /// How long to wait after the last answer before energy is read again, so that the router has scraped its pools.
    /// Default 2 s. It is part of the span that the joules cover.
    /// </summary>
    public TimeSpan EnergySettle { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often progress is reported. Default 0.5 s.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Clock of arrivals and measurements.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>An answer is good when it met both bounds.</summary>
/// <param name="TimeToFirstToken">Bound of the time to first token; default 1 s.</param>
/// <param name="TimePerOutputToken">Bound of the mean time per later token; default 100 ms.</param>
public sealed record LoadObjective(TimeSpan TimeToFirstToken, TimeSpan TimePerOutputToken)
{
    /// <summary>1 s to the first token and 100 ms for each later one.</summary>
    public LoadObjective() : this(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100))
    {
    }
}
