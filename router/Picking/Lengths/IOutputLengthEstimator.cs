using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>Expects how long an answer will be, before it is written. Implementations may be asked from any thread.</summary>
public interface IOutputLengthEstimator
{
    /// <summary>Expected output tokens, at least 1 and at most the request's own limit. Allocates nothing.</summary>
    double Predict(in LengthFeatures request);

    /// <summary>Learns from an answer that came to its end.</summary>
    /// <param name="request">The same features as were known before.</param>
    /// <param name="outputTokens">Tokens that the answer had.</param>
    void Observe(in LengthFeatures request, int outputTokens);
}

/// <summary>What is known of a request before its answer. Keys are hashes, 0 for unknown.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LengthFeatures
{
    /// <summary>The route, with the request's task.</summary>
    public ulong Route { get; init; }

    /// <summary>Who asks.</summary>
    public ulong Tenant { get; init; }

    /// <summary>What the request begins with, usually an application's system prompt.</summary>
    public ulong Template { get; init; }

    /// <summary>The session or conversation.</summary>
    public ulong Session { get; init; }

    /// <summary>Estimated prompt tokens.</summary>
    public int PromptTokens { get; init; }

    /// <summary>The request's own limit on output tokens; null when it set none.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Whether the client reads tokens as they come.</summary>
    public bool Streaming { get; init; }
}
