using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ops.Traces;

namespace Ops.Load;

/// <summary>Counts so far.</summary>
/// <param name="Elapsed">Wall-clock time since the first arrival was due.</param>
/// <param name="Planned">Requests that this run will send.</param>
/// <param name="Sent">Sent so far.</param>
/// <param name="InFlight">Sent and without an outcome.</param>
/// <param name="Answered">Answered in full.</param>
/// <param name="Rejected">Refused with 429 or 503 and a Retry-After header.</param>
/// <param name="Failed">Any other end.</param>
/// <param name="Dropped">Due, but not sent because of <see cref="LoadOptions.MaxConcurrent"/>.</param>
/// <param name="CompletionTokens">Tokens received so far.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LoadProgress(
    TimeSpan Elapsed, int Planned, int Sent, int InFlight, int Answered, int Rejected, int Failed, int Dropped, long CompletionTokens);

/// <summary>Exact percentiles of the samples (nearest rank), in seconds. All zero when there is no sample.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Percentiles(int Count, double Mean, double P50, double P95, double P99, double Max);

/// <summary>Answers of one variant.</summary>
/// <param name="Variant">Value of the <c>x-ops-variant</c> header; <c>(none)</c> where the header was absent.</param>
/// <param name="Answered">Answers it gave.</param>
/// <param name="Share">Its part of all answers, 0..1.</param>
/// <param name="TimeToFirstToken">Its own time to first token.</param>
/// <param name="TimePerOutputToken">Its own time per output token.</param>
public sealed record VariantShare(string Variant, int Answered, double Share, Percentiles TimeToFirstToken, Percentiles TimePerOutputToken);

/// <summary>One kind of failure or rejection and how often it happened.</summary>
public sealed record LoadProblem(string Message, int Count);

/// <summary>How one request of a replay ended.</summary>
/// <param name="Answered">In full; the times are 0 otherwise.</param>
/// <param name="Rejected">Refused in good order.</param>
/// <param name="Variant">Who answered; null where nobody said so.</param>
/// <param name="FirstToken">Seconds from the send to the first content.</param>
/// <param name="EndToEnd">Seconds from the send to the end of the stream.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ReplayedRequest(bool Answered, bool Rejected, string? Variant, double FirstToken, double EndToEnd);

/// <summary>Outcome of a replay.</summary>
public sealed record LoadReport
{
    /// <summary>Name of the trace.</summary>
    public required string Trace { get; init; }

    /// <summary>From the first due arrival to the last outcome.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The run was cancelled before its end; what follows covers what had been sent.</summary>
    public required bool Cancelled { get; init; }

    /// <summary>Requests sent.</summary>
    public required int Sent { get; init; }

    /// <summary>Answered in full, with the number of tokens asked for.</summary>
    public required int Answered { get; init; }

    /// <summary>Refused in good order: 429 or 503 with a Retry-After header.</summary>
    public required int Rejected { get; init; }

    /// <summary>Neither answered nor rejected: connection errors, broken streams, time-outs, other statuses, short answers.</summary>
    public required int Failed { get; init; }

    /// <summary>Sent but ended by the cancellation of the run.</summary>
    public required int Abandoned { get; init; }

    /// <summary>Due but never sent, because <see cref="LoadOptions.MaxConcurrent"/> was reached.</summary>
    public required int Dropped { get; init; }

    /// <summary>Prompt tokens of the answered requests, as the server counted them.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Completion tokens of the answered requests, as the server counted them.</summary>
    public required long CompletionTokens { get; init; }

    /// <summary>From the send of a request to its first content, of answered requests.</summary>
    public required Percentiles TimeToFirstToken { get; init; }

    /// <summary>(last content - first content) / (tokens - 1), of answers with at least two tokens.</summary>
    public required Percentiles TimePerOutputToken { get; init; }

    /// <summary>From the send of a request to the end of its stream, of answered requests.</summary>
    public required Percentiles EndToEnd { get; init; }

    /// <summary>How late requests were sent after their due time. Seconds here mean a saturated generator, not a slow server.</summary>
    public required Percentiles GeneratorLag { get; init; }

    /// <summary>The objective behind the next two figures.</summary>
    public required LoadObjective Objective { get; init; }

    /// <summary>Answers that met the objective.</summary>
    public required int Good { get; init; }

    /// <summary>Answers that met the objective, per second of <see cref="Elapsed"/>.</summary>
    public required double GoodputPerSecond { get; init; }

    /// <summary>Answers by variant, largest share first.</summary>
    public required ImmutableArray<VariantShare> Variants { get; init; }

    /// <summary>
    /// Joules that all pools used from the start of the run to its end (idle watts included); null where the router's
    /// metric is absent or could not be read.
    /// </summary>
    public required double? Joules { get; init; }

    /// <summary><see cref="Joules"/> divided by <see cref="Answered"/>; null without either.</summary>
    public required double? JoulesPerRequest { get; init; }

    /// <summary>The most frequent failures and rejections, at most 16 kinds.</summary>
    public required ImmutableArray<LoadProblem> Problems { get; init; }

    /// <summary>Each request that became due, in the trace's order.</summary>
    public ImmutableArray<ReplayedRequest> Requests { get; init; } = [];
}
