namespace Ops.Picking;

/// <summary>What one replica's metrics say, as rates and means over the last seconds. Fields as in <see cref="ReplicaState"/>.</summary>
public sealed record ReplicaFigures
{
    /// <summary>When the newest sample was read, in milliseconds.</summary>
    public long ObservedAtMs { get; init; }

    /// <summary>The router's own requests at the replica at that moment.</summary>
    public int OwnAtObservation { get; init; }

    /// <summary>Requests in the batch.</summary>
    public int Running { get; init; }

    /// <summary>Requests in the queue.</summary>
    public int Waiting { get; init; }

    /// <summary>The batch size at which requests were last seen to queue; 0 when never seen.</summary>
    public int BatchLimit { get; init; }

    /// <summary>Share of the KV cache in use, 0..1.</summary>
    public double KvCacheUsage { get; init; }

    /// <summary>Requests that finish a second; 0 when unknown.</summary>
    public double FinishRate { get; init; }

    /// <summary>Prefill seconds by prompt token; 0 when unknown.</summary>
    public double SecondsPerPromptToken { get; init; }

    /// <summary>Decode seconds by output token; 0 when unknown.</summary>
    public double SecondsPerOutputToken { get; init; }

    /// <summary>Output tokens by request; 0 when unknown.</summary>
    public double MeanOutputTokens { get; init; }

    /// <summary>LoRA adapters at the engine; null when it says nothing of them.</summary>
    public LoraAdapters? Adapters { get; init; }

    /// <summary>The replica as a choice sees it with these figures.</summary>
    public ReplicaState Describe(in ReplicaState replica) => replica with
    {
        ObservedAtMs = ObservedAtMs,
        OwnAtObservation = OwnAtObservation,
        Running = Running,
        Waiting = Waiting,
        BatchLimit = BatchLimit,
        KvCacheUsage = KvCacheUsage,
        FinishRate = FinishRate,
        SecondsPerPromptToken = SecondsPerPromptToken,
        SecondsPerOutputToken = SecondsPerOutputToken,
        MeanOutputTokens = MeanOutputTokens,
    };
}
