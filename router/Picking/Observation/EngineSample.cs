using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>The counters and gauges of one look at an engine, summed over its label sets.</summary>
[StructLayout(LayoutKind.Auto)]
public record struct EngineSample
{
    /// <summary>Requests in the batch.</summary>
    public double Running { get; set; }

    /// <summary>Requests that wait for a place in it.</summary>
    public double Waiting { get; set; }

    /// <summary>Share of the KV cache in use, 0..1.</summary>
    public double KvCacheUsage { get; set; }

    /// <summary>Prompt tokens computed since the start.</summary>
    public double PromptTokens { get; set; }

    /// <summary>Output tokens generated since the start.</summary>
    public double GeneratedTokens { get; set; }

    /// <summary>Requests finished since the start.</summary>
    public double FinishedRequests { get; set; }

    /// <summary>Seconds of all prefills since the start, from a request's place in the batch to its first token.</summary>
    public double PrefillSeconds { get; set; }

    /// <summary>How many prefills those were.</summary>
    public double PrefillCount { get; set; }

    /// <summary>Sum of the times to the first token, queueing included.</summary>
    public double FirstTokenSeconds { get; set; }

    /// <summary>How many first tokens those were.</summary>
    public double FirstTokenCount { get; set; }

    /// <summary>Sum of the gaps between output tokens.</summary>
    public double InterTokenSeconds { get; set; }

    /// <summary>How many gaps those were.</summary>
    public double InterTokenCount { get; set; }

    /// <summary>GPU joules since the start, idle power included.</summary>
    public double EnergyJoules { get; set; }

    /// <summary>Tokens that the KV cache has room for; 0 when the engine does not say.</summary>
    public double KvCacheTokens { get; set; }

    /// <summary>Whether the engine says that it keeps no prompt for later ones; false when it does not say.</summary>
    public bool ForgetsPrompts { get; set; }

    /// <summary>LoRA adapters at the engine; null when it says nothing of them.</summary>
    public LoraAdapters? Adapters { get; set; }

    /// <summary>How many known series the text had; 0 means that it was no engine's.</summary>
    public int Series { get; set; }

    /// <summary>Whether a counter stands lower than before, so that this engine began after that sample.</summary>
    public readonly bool BeganAfter(in EngineSample before) =>
        PromptTokens < before.PromptTokens || GeneratedTokens < before.GeneratedTokens || FinishedRequests < before.FinishedRequests;
}
