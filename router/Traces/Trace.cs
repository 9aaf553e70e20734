using System.Collections.Immutable;

namespace Ops.Traces;

/// <summary>One request of a trace.</summary>
/// <param name="Arrival">Time since the start of the trace, in trace time; never decreasing along a trace.</param>
/// <param name="ContextTokens">Prompt length in tokens, at least 1.</param>
/// <param name="GeneratedTokens">Answer length in tokens, at least 1.</param>
public readonly record struct TraceRequest(TimeSpan Arrival, int ContextTokens, int GeneratedTokens)
{
    /// <summary>
    /// Identities of the prompt's 512-token blocks (Mooncake's <c>hash_ids</c>): equal leading blocks are equal text.
    /// Default (empty): the prompt shares nothing with any other.
    /// </summary>
    public ImmutableArray<int> PrefixBlocks { get; init; }
}

/// <summary>Arrivals and lengths, in order of arrival.</summary>
/// <param name="Name">Where it came from: a file name, or <c>synthetic conv</c>.</param>
/// <param name="Requests">In order of arrival, the first at time 0 or later.</param>
public sealed record Trace(string Name, ImmutableArray<TraceRequest> Requests)
{
    /// <summary>Arrival of the last request; zero when empty.</summary>
    public TimeSpan Duration => Requests.IsEmpty ? TimeSpan.Zero : Requests[^1].Arrival;
}

/// <summary>A trace file that cannot be read as such; nothing of it is used.</summary>
public sealed class TraceFormatException(string path, int line, string problem)
    : Exception($"{path}, line {line}: {problem}")
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>Line of the problem; the header is line 1.</summary>
    public int Line { get; } = line;
}
