namespace Ops.Picking;

/// <summary>What a choice knows about a request.</summary>
public readonly record struct RequestFeatures
{
    /// <summary>Index of the request's task in <see cref="RouteSnapshot.Tasks"/>.</summary>
    public int Task { get; init; }

    /// <summary>Estimated prompt length in tokens.</summary>
    public int PromptTokens { get; init; }

    /// <summary>The prompt's chain of block hashes, from <see cref="PromptHasher"/>; empty for a short prompt.</summary>
    public ReadOnlyMemory<ulong> PromptBlocks { get; init; }

    /// <summary>Keeps prompt blocks apart that engines keep apart: other adapters, other cache salts. 0 for nothing.</summary>
    public ulong CacheSalt { get; init; }

    /// <summary>Hash of the session that the request belongs to; 0 for none.</summary>
    public ulong Session { get; init; }

    /// <summary>The request's own limit on output tokens; null when it set none.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Expected output tokens, see <see cref="IOutputLengthEstimator"/>; 0 when nobody knows better than the replica's mean.</summary>
    public double ExpectedOutputTokens { get; init; }

    /// <summary>Whether the client reads tokens as they come, so that the first one matters by itself.</summary>
    public bool Streaming { get; init; }

    /// <summary>The moment of the choice in milliseconds, on the clock of the observations.</summary>
    public long NowMs { get; init; }

    /// <summary>Whether a replica failed it before.</summary>
    public bool IsRetry { get; init; }

    /// <summary>Seconds since the request arrived; above 0 on a retry.</summary>
    public double ElapsedSeconds { get; init; }

    /// <summary>How fast requests of the route come to this router; zeros when unknown.</summary>
    public ArrivalRates Rates { get; init; }

    /// <summary>Any number that differs from request to request; spreads ties between equally loaded replicas.</summary>
    public uint Spread { get; init; }
}
