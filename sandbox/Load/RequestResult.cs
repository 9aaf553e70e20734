namespace Ops.Load;

internal enum Outcome
{
    None,
    Answered,
    Rejected,
    Failed,
    Abandoned,
    Dropped,
}

/// <summary>What happened to one request; times in seconds.</summary>
internal sealed record RequestResult(Outcome Outcome)
{
    public string? Problem { get; init; }

    public string? Variant { get; init; }

    public int PromptTokens { get; init; }

    public int CompletionTokens { get; init; }

    public double FirstToken { get; init; }

    /// <summary>Null for an answer of one token.</summary>
    public double? PerToken { get; init; }

    public double EndToEnd { get; init; }

    public double Lag { get; init; }

    public static RequestResult Failure(string problem) => new(Outcome.Failed) { Problem = problem };
}
