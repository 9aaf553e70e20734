using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>What would happen to the request on the best replica of one variant.</summary>
[StructLayout(LayoutKind.Auto)]
public struct VariantOutlook
{
    /// <summary>Index of the best replica, -1 when there is none.</summary>
    public int Replica { get; set; }

    /// <summary>How reluctantly the replica is taken: 0 gladly, +1 it failed a moment ago, +2 this request already tried it.</summary>
    public int Reluctance { get; set; }

    /// <summary>Prompt tokens whose KV entries the replica probably holds already.</summary>
    public int CachedTokens { get; set; }

    /// <summary>Requests at the replica now.</summary>
    public int Outstanding { get; set; }

    /// <summary>Those of them that wait for a place in the batch.</summary>
    public int Queued { get; set; }

    /// <summary>Seconds until the request gets a place in the batch; a lower bound.</summary>
    public double StartDelay { get; set; }

    /// <summary>Seconds of prefill that the request itself needs.</summary>
    public double PrefillSeconds { get; set; }

    /// <summary>Seconds of work that stand before it: its start delay and the prompts that are still to be computed.</summary>
    public double BacklogSeconds { get; set; }

    /// <summary>Expected output tokens.</summary>
    public double OutputTokens { get; set; }

    /// <summary>Joules that it adds to the replica; 0 when the variant has no curve.</summary>
    public double MarginalJoules { get; set; }

    /// <summary>Predicted seconds until the first token.</summary>
    public double TimeToFirstToken { get; set; }

    /// <summary>Predicted seconds by output token.</summary>
    public double TimePerOutputToken { get; set; }

    /// <summary>Predicted seconds until the last token.</summary>
    public double Completion { get; set; }

    /// <summary>Share of the KV cache in use, 0..1; 0 when unknown.</summary>
    public double KvCacheUsage { get; set; }

    /// <summary>Whether the policy may choose this variant.</summary>
    public bool Open { get; set; }
}
